import { checkOnCpu } from "../support/engine/golden/checkOnCpu.ts";
import { tokenChecks } from "../support/engine/golden/tokenChecks.ts";

// What it computes: transformer/, a test for each of its files.
checkOnCpu(tokenChecks);
