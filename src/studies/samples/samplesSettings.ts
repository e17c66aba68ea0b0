import type { Field } from "../../data/settings/Field.ts";
import { allField } from "../knownCases.ts";

/** What the study of few keys is set to. */
export interface SamplesSettings {
  /** Keys in C, in multiples of dMlp. */
  multiples: number[];
  /** Facts written at once. */
  count: number;
  /** Cases that are measured, in groups of the count. */
  sample: number;
  all: boolean;
}

/** Its fields. */
export const samplesFields: readonly Field<keyof SamplesSettings>[] = [
  {
    name: "multiples",
    label: "Keys / dMlp",
    hint: "How many keys each covariance is of, in multiples of the MLP's width",
    kind: { type: "numbers", above: 0 },
    main: true,
  },
  {
    name: "count",
    label: "At once",
    hint: "Facts written at once",
    kind: { type: "number", min: 1, whole: true },
  },
  {
    name: "sample",
    label: "Sample",
    hint: "Cases that every covariance is measured on",
    kind: { type: "number", min: 1, whole: true },
  },
  allField,
];
