import { noiseText } from "../trace/noiseCode.ts";
import type { Noise } from "../trace/Noise.ts";
import type { Field, FieldValue } from "./Field.ts";

/** A field's value as a reader types it; `fieldValue` reads it back. */
export function fieldText({ kind }: Pick<Field, "kind">, value: FieldValue): string {
  if (kind.type === "contexts") {
    const lengths = value as readonly (readonly [length: number, count: number])[];
    return lengths.map(([length, count]) => `${count}×${length}`).join(", ");
  }
  if (kind.type === "noise") return noiseText(value as Noise);
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** All fields' values as text, by the fields' names. */
export function settingsText(fields: readonly Field[], settings: object): Record<string, string> {
  const values = settings as Record<string, FieldValue>;
  return Object.fromEntries(
    fields.map((field) => [field.name, fieldText(field, values[field.name])]),
  );
}
