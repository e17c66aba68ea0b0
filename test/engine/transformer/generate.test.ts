import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { generateChecks } from "../../support/engine/golden/generateChecks.ts";

checkOnCpu(generateChecks);
