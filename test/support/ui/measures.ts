import { type Measures, measureLabels } from "../../../src/methods/score/score.ts";

/** Measures of which all but these are missing. */
export function measuresOf(known: Partial<Measures>): Measures {
  const none = Object.fromEntries(Object.keys(measureLabels).map((name) => [name, NaN]));
  return { ...(none as unknown as Measures), ...known };
}
