import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { runChecks } from "../../support/engine/golden/runChecks.ts";

checkOnCpu(runChecks);
