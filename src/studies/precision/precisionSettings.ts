import type { Field } from "../../data/settings/Field.ts";
import { type Precision, precisions } from "../../engine/checkpoint/precision.ts";

/** What the study of precisions is set to. */
export interface PrecisionSettings {
  precisions: Precision[];
  /** Sentences whose next-token distributions are compared. */
  count: number;
  /** Facts that are traced, among those that float32 recalls. */
  traces: number;
  /** Cases that are edited, among those that float32 knows. */
  limit: number;
}

const whole = { type: "number", min: 1, whole: true } as const;

/** Its fields. */
export const precisionFields: readonly Field<keyof PrecisionSettings>[] = [
  {
    name: "precisions",
    label: "Precisions",
    hint: "How the matrices are kept, one after the other",
    kind: { type: "choices", choices: precisions.map((one) => [one, one]) },
    main: true,
  },
  {
    name: "count",
    label: "Sentences",
    hint: "Sentences whose distributions are compared",
    kind: whole,
  },
  { name: "traces", label: "Traces", hint: "Facts that are traced", kind: whole },
  { name: "limit", label: "Edits", hint: "Cases that are edited, each alone", kind: whole },
];
