import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { branchChecks } from "../../support/engine/golden/branchChecks.ts";

checkOnCpu(branchChecks);
