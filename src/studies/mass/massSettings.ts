import type { Field } from "../../data/settings/Field.ts";
import { allField } from "../knownCases.ts";

/** What the study of many facts at once is set to. */
export interface MassSettings {
  /** How many facts are written at once. */
  counts: number[];
  /** Every count is measured on at least so many cases, in groups of the count. */
  sample: number;
  all: boolean;
}

/** Its fields. */
export const massFields: readonly Field<keyof MassSettings>[] = [
  {
    name: "counts",
    label: "At once",
    hint: "How many facts are written at once, one number after the other",
    kind: { type: "numbers", min: 1, whole: true },
    main: true,
  },
  {
    name: "sample",
    label: "Sample",
    hint: "Cases that every count is measured on, in groups of the count",
    kind: { type: "number", min: 1, whole: true },
  },
  allField,
];
