import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { gradientChecks } from "../../support/engine/golden/gradientChecks.ts";
import { weightChecks } from "../../support/engine/golden/weightChecks.ts";

checkOnCpu({ ...gradientChecks, ...weightChecks });
