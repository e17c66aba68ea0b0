import { evaluate } from "./evaluate/evaluate.ts";
import { mass } from "./mass/mass.ts";
import { precision } from "./precision/precision.ts";
import { samples } from "./samples/samples.ts";
import type { Study } from "./Study.ts";
import { sweep } from "./sweep/sweep.ts";

/** Studies in the order in which they are offered. */
export type StudyRegistry = readonly Study[];

/** All studies; the one place that names them besides their own folders. */
export const studies: StudyRegistry = [evaluate, mass, samples, sweep, precision];

/**
 * A study by its name.
 *
 * @throws `unknown study: x (evaluate, mass, …)`
 */
export function studyOf(name: string, registry: StudyRegistry = studies): Study {
  const found = registry.find((study) => study.name === name);
  if (found) return found;
  throw new Error(`unknown study: ${name} (${registry.map((study) => study.name).join(", ")})`);
}
