import type { Field } from "./Field.ts";

/** The seed of whatever an editor samples; it is no setting of the editor, but stands among them. */
export const seedField: Field<"seed"> = {
  name: "seed",
  label: "Seed",
  hint: "Of the sampled prefixes",
  kind: { type: "number", min: 0, max: 2 ** 32 - 1, whole: true },
};
