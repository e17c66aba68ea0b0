import { tokenChecks } from "./tokenChecks.ts";
import { runChecks } from "./runChecks.ts";
import { gradientChecks } from "./gradientChecks.ts";
import { generateChecks } from "./generateChecks.ts";
import { branchChecks } from "./branchChecks.ts";
import { continuationChecks } from "./continuationChecks.ts";
import { deltaChecks } from "./deltaChecks.ts";
import { weightChecks } from "./weightChecks.ts";

/** What every provider must pass. */
export const checks = {
  ...tokenChecks,
  ...runChecks,
  ...gradientChecks,
  ...generateChecks,
  ...branchChecks,
  ...continuationChecks,
  ...deltaChecks,
  ...weightChecks,
};
