import type { Field } from "../../data/settings/Field.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { optionName } from "../../data/settings/optionName.ts";
import { WrongCall } from "../WrongCall.ts";

/** What the options of a command line say of settings, by the fields' names. */
export type FieldTexts = Partial<Record<string, string>>;

/**
 * The options that were given for these fields. Whatever can be said before a model is open is a wrong call.
 *
 * @throws {WrongCall} `invalid --steps: 0 (a whole number from 1 to 1000)`
 */
export function fieldTexts(fields: readonly Field[], given: Record<string, unknown>): FieldTexts {
  const texts: FieldTexts = {};
  for (const field of fields) {
    const option = optionName(field);
    const value = given[option];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : "true"; // of a flag
    check(field, text, `--${option}`);
    texts[field.name] = text;
  }
  return texts;
}

function check(field: Field, text: string, called: string): void {
  try {
    fieldValue(field, text, { called });
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}
