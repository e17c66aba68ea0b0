import { parseArgs, type ParseArgsConfig } from "node:util";
import type { NumberLimits } from "../data/settings/Field.ts";
import { fieldValue } from "../data/settings/fieldValue.ts";
import { seedField } from "../data/settings/seedField.ts";
import { WrongCall } from "./WrongCall.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * The options of a command line.
 *
 * @throws {WrongCall} for an option that is unknown or lacks its value, and for anything that is no option
 */
export function parseOptions<const T extends Options>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's message goes on to explain "--"; its first sentence says what is wrong.
    throw new WrongCall((error as Error).message.split(". ")[0]);
  }
}

/**
 * The value of an option that must be there.
 *
 * @throws {WrongCall} when it is absent
 */
export function required(values: Record<string, unknown>, name: string): string {
  const value = values[name];
  if (typeof value !== "string") throw new WrongCall(`--${name} is missing`);
  return value;
}

/**
 * An option's number, or undefined where the option is absent.
 *
 * @throws {WrongCall} `invalid --steps: x (a whole number, 1 or more)`
 */
export function numberOption(
  values: Record<string, unknown>,
  name: string,
  limits: NumberLimits = {},
): number | undefined {
  const text = values[name];
  if (typeof text !== "string") return undefined;
  return checkedNumber(text, name, limits);
}

/** `--seed`, within the page's bounds; undefined where it is absent. */
export const seedOption = (values: Record<string, unknown>): number | undefined =>
  numberOption(values, "seed", seedField.kind as NumberLimits);

/** A list of numbers, `1,2,4`; see {@link numberOption}. */
export function numbersOption(
  values: Record<string, unknown>,
  name: string,
  limits: NumberLimits,
): number[] | undefined {
  const text = values[name];
  if (typeof text !== "string") return undefined;
  return text.split(",").map((part) => checkedNumber(part, name, limits));
}

/**
 * One of a few words, the first by default.
 *
 * @throws {WrongCall} `invalid --kind: x (state, mlp or attn)`
 */
export function choiceOption<T extends string>(
  values: Record<string, unknown>,
  name: string,
  choices: readonly T[],
): T {
  const text = (values[name] as string | undefined) ?? choices[0];
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw new WrongCall(`invalid --${name}: ${text} (one of ${choices.join(", ")})`);
}

function checkedNumber(text: string, name: string, limits: NumberLimits): number {
  const field = { label: name, kind: { type: "number", ...limits } } as const;
  try {
    return fieldValue(field, text, { called: `--${name}` }) as number;
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}
