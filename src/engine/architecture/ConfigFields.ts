import { bounds } from "../../data/outside/bounds.ts";
import { shown } from "../../data/outside/shown.ts";

/**
 * The fields of a config.json, read with sentences that say what is wrong. A field that is null is not absent: Hugging
 * Face takes only some of them, and none of those for its default.
 */
export class ConfigFields {
  /** Of the model. */
  readonly name: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws when it is not a JSON object */
  constructor(json: unknown, name: string) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new Error(`config.json of ${shown(name)} is not a JSON object`);
    }
    this.#fields = json as Record<string, unknown>;
    this.name = name;
  }

  get(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  /** A whole number above 0. */
  whole(key: string, absent?: number, most: number = bounds.dimension): number {
    const value = this.get(key) ?? (this.get(key) === undefined ? absent : null);
    if (value === undefined) throw this.error(`lacks "${key}"`);
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      throw this.invalid(key, "a whole number above 0");
    }
    if ((value as number) > most) throw this.invalid(key, `at most ${most}`);
    return value as number;
  }

  /** A whole number above 0, where null says what absence does. */
  wholeOrNull(key: string, absent: number): number {
    return this.get(key) === null ? absent : this.whole(key, absent);
  }

  /** How many layers, each of which costs memory before anything of it is read. */
  layers(key: string): number {
    return this.whole(key, undefined, bounds.layers);
  }

  /** A number above 0. */
  positive(key: string, absent: number): number {
    const value = this.get(key) === undefined ? absent : this.get(key);
    if (typeof value === "number" && value > 0 && value < Infinity) return value;
    throw this.invalid(key, "a number above 0");
  }

  /** A truth value. */
  flag(key: string, absent: boolean): boolean {
    const value = this.get(key) === undefined ? absent : this.get(key);
    if (typeof value === "boolean") return value;
    throw this.invalid(key, "true or false");
  }

  /** An object within; undefined where it is absent or null. */
  record(key: string): ConfigFields | undefined {
    const value = this.get(key) ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) {
      return new ConfigFields(value, this.name);
    }
    throw this.invalid(key, "an object");
  }

  /** One of these. */
  choice<T extends string>(key: string, choices: readonly T[], absent: T): T {
    const value = this.get(key) === undefined ? absent : this.get(key);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.error(`: unsupported ${key}: ${quoted(value)} (supported: ${choices.join(", ")})`);
  }

  /** Heads, which must divide the width. */
  heads(key: string, [widthKey, width]: [key: string, width: number]): number {
    const heads = this.whole(key);
    if (width % heads === 0) return heads;
    throw this.error(`: invalid ${key}: ${heads} (must divide ${widthKey} ${width})`);
  }

  /** How many dimensions of a head are rotated. */
  rotated(key: string, dims: number, headDim: number): number {
    if (dims % 2 === 0 && dims <= headDim) return dims;
    throw this.error(`: invalid ${key}: ${dims} (even, at most ${headDim} dimensions per head)`);
  }

  /** Refuses truth values that would silently give other numbers than `transformers` does. */
  refuse(values: Record<string, boolean>): void {
    for (const [key, value] of Object.entries(values)) {
      if (this.flag(key, !value) === value) throw this.error(`: ${key}: ${value} is not supported`);
    }
  }

  /** `config.json of tiny: invalid n_layer: 1.5 (a whole number above 0)` */
  invalid(key: string, expected: string): Error {
    return this.error(`: invalid ${key}: ${quoted(this.get(key))} (${expected})`);
  }

  /** A sentence about this file: what follows its name, with a colon or without. */
  error(rest: string): Error {
    const file = `config.json of ${shown(this.name)}`;
    return new Error(`${file}${rest.startsWith(":") ? "" : " "}${rest}`);
  }
}

const quoted = (value: unknown) => (typeof value === "string" ? `"${shown(value)}"` : shown(value));
