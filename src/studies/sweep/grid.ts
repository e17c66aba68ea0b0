import type { Field, FieldValue } from "../../data/settings/Field.ts";
import { fieldText } from "../../data/settings/fieldText.ts";
import { type FieldContext, fieldValue } from "../../data/settings/fieldValue.ts";

/** A setting of a grid: some fields' values, and a text that tells it from the others. */
export interface GridSetting {
  /** `layer=0 steps=20`. */
  name: string;
  changes: Record<string, FieldValue>;
}

/** A field of a grid with the values that it takes. */
export interface GridAxis {
  field: Field;
  values: FieldValue[];
}

/** Kinds whose values hold commas themselves. */
const LISTS = new Set(["numbers", "layers", "contexts"]);

/**
 * Reads `layer=0,1,2 steps=20,40`. Values are divided by commas, those that are lists by slashes: `layers=0,2/1,3`.
 *
 * @param fields what a grid may vary
 * @param context how many layers the model has, where that is known, and what messages call the field
 * @throws for a field that is not there or is named twice, and for a value that does not fit it
 */
export function parseGrid(
  text: string,
  fields: readonly Field[],
  context: FieldContext = {},
): GridAxis[] {
  const axes = text
    .split(/[\s;]+/)
    .filter(Boolean)
    .map((part) => parseAxis(part, fields, context));
  const twice = axes.find(({ field }, i) => axes.findIndex((axis) => axis.field === field) < i);
  if (twice) throw new Error(`invalid grid: ${twice.field.name} is named twice`);
  return axes;
}

function parseAxis(part: string, fields: readonly Field[], context: FieldContext): GridAxis {
  const [name, texts] = part.split("=", 2) as [string, string | undefined];
  const field = fields.find((one) => one.name === name);
  if (!field || !texts) {
    const names = fields.map((one) => one.name).join(", ");
    throw new Error(`invalid grid: ${part} (write layer=0,1,2 with any of ${names})`);
  }
  const values = texts
    .split(LISTS.has(field.kind.type) ? "/" : ",")
    .map((value) => fieldValue(field, value, { called: name, ...context }));
  return { field, values };
}

/** Every combination, the last field's values first. An empty grid has one setting, which changes nothing. */
export function gridSettings(axes: readonly GridAxis[]): GridSetting[] {
  return axes.reduce<GridSetting[]>(
    (settings, { field, values }) =>
      settings.flatMap(({ name, changes }) =>
        values.map((value) => ({
          name: `${name} ${field.name}=${fieldText(field, value).replace(/\s+/g, "")}`.trim(),
          changes: { ...changes, [field.name]: value },
        })),
      ),
    [{ name: "", changes: {} }],
  );
}
