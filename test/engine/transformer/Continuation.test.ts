import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { continuationChecks } from "../../support/engine/golden/continuationChecks.ts";

checkOnCpu(continuationChecks);
