import { parseNoise } from "../trace/noiseCode.ts";
import type { Field, FieldValue, NumberLimits } from "./Field.ts";
import { layersOf } from "./layersOf.ts";

/** What {@link fieldValue} needs to know beside the field. */
export interface FieldContext {
  /** How many layers the model has; where it is not known yet, any layer from 0 passes. */
  layers?: number | undefined;
  /** What the field is called in messages; by default its label. */
  called?: string | undefined;
}

/**
 * A field's value from what a reader typed.
 *
 * @throws one sentence that names the field, the text and what would do: `invalid clamp: x (a number, above 0)`
 */
export function fieldValue(
  field: Pick<Field, "kind" | "label">,
  text: string,
  { layers, called = labelInSentence(field) }: FieldContext = {},
): FieldValue {
  const { kind } = field;
  const typed = text.trim();
  switch (kind.type) {
    case "number":
      return numberOf(called, typed, withLayers(kind, layers));
    case "numbers":
      return listOf(typed).map((part) => numberOf(called, part, kind));
    case "layer":
      return layerOf(called, typed, layers);
    case "layers":
      return layersOf(called, typed, layers);
    case "choice":
      return choiceOf(called, typed, kind.choices);
    case "choices":
      return listOf(typed).map((part) => choiceOf(called, part, kind.choices, "of"));
    case "contexts":
      return contextLengthsOf(called, typed);
    case "noise":
      return parseNoise(typed);
    case "flag":
      return flagOf(called, typed);
    case "text":
      return text;
  }
}

/**
 * Settings with what was typed in the place of some of them.
 *
 * @param texts by the fields' names; a field without text keeps its value
 * @param settings a preset; values that have no field stay
 * @throws as {@link fieldValue}
 */
export function changedSettings<S extends object>(
  fields: readonly Field[],
  texts: Partial<Record<string, string>>,
  settings: S,
  context: FieldContext = {},
): S {
  const changes = fields.flatMap((field) => {
    const text = texts[field.name];
    return text === undefined ? [] : [[field.name, fieldValue(field, text, context)]];
  });
  return { ...settings, ...(Object.fromEntries(changes) as Partial<S>) };
}

/** A label in the middle of a sentence: "learning rate", but "KL factor". */
const labelInSentence = ({ label }: Pick<Field, "label">): string =>
  /^\p{Lu}\p{Lu}/u.test(label) ? label : label[0].toLowerCase() + label.slice(1);

const wrong = (called: string, text: string, right: string) =>
  new Error(`invalid ${called}: ${text || "nothing"} (${right})`);

const listOf = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

function numberOf(called: string, text: string, limits: NumberLimits): number {
  const { min = -Infinity, above = -Infinity, max = Infinity, whole = false } = limits;
  const value = Number(text.replace("−", "-"));
  const fits =
    text !== "" && Number.isFinite(value) && value >= min && value > above && value <= max;
  if (fits && (!whole || Number.isSafeInteger(value))) return value;
  throw wrong(called, text, spanOf(limits));
}

/** Limits with the model's layers as the most, where the field says so. */
function withLayers(limits: NumberLimits, layers: number | undefined): NumberLimits {
  if (!limits.upToLayers || layers === undefined) return limits;
  return { ...limits, max: Math.min(limits.max ?? Infinity, layers) };
}

function spanOf({ min, above, max, whole }: NumberLimits): string {
  const kind = whole ? "a whole number" : "a number";
  const most = max === undefined ? "" : `, at most ${max}`;
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind}, ${min} or more`;
  return above === undefined ? `${kind}${most}` : `${kind}, above ${above}${most}`;
}

function layerOf(called: string, text: string, layers: number | undefined): number {
  if (layers === undefined) return numberOf(called, text, { min: 0, whole: true });
  const layer = Number(text);
  if (text !== "" && Number.isInteger(layer) && layer >= 0 && layer < layers) return layer;
  throw wrong(called, text, `this model has 0–${layers - 1}`);
}

function choiceOf(
  called: string,
  text: string,
  choices: readonly (readonly [value: string, label: string])[],
  of = "one of",
): string {
  const values = choices.map(([value]) => value);
  if (values.includes(text)) return text;
  throw wrong(called, text, `${of} ${values.join(", ")}`);
}

function flagOf(called: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw wrong(called, text, "true or false");
}

/** `10×5, 10×10` is ten sampled prefixes of up to 5 tokens and ten of up to 10; nothing is none. */
function contextLengthsOf(called: string, text: string): [length: number, count: number][] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter(Boolean).map((part) => {
    const match = /^(\d+)\s*[x×*]\s*(\d+)$/.exec(part);
    if (match) return [Number(match[2]), Number(match[1])];
    throw wrong(called, part, "write 10×5 for ten sampled prefixes of 5 tokens");
  });
}
