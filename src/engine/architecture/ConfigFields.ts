/** The fields of a config.json, read with sentences that say what is wrong. */
export class ConfigFields {
  /** Of the model. */
  readonly name: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws when it is not a JSON object */
  constructor(json: unknown, name: string) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new Error(`config.json of ${name} is not a JSON object`);
    }
    this.#fields = json as Record<string, unknown>;
    this.name = name;
  }

  get(key: string): unknown {
    return this.#fields[key] ?? undefined;
  }

  /** A whole number above 0. */
  whole(key: string, absent?: number): number {
    const value = this.get(key) ?? absent;
    if (value === undefined) throw this.error(`lacks "${key}"`);
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      throw this.invalid(key, "a whole number above 0");
    }
    return value as number;
  }

  /** A number above 0. */
  positive(key: string, absent: number): number {
    const value = this.get(key) ?? absent;
    if (typeof value !== "number" || !(value > 0)) throw this.invalid(key, "a number above 0");
    return value;
  }

  /** A truth value; anything else counts as absent. */
  flag(key: string, absent: boolean): boolean {
    const value = this.get(key);
    return typeof value === "boolean" ? value : absent;
  }

  /** An object within; undefined where it is absent. */
  record(key: string): ConfigFields | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) {
      return new ConfigFields(value, this.name);
    }
    throw this.invalid(key, "an object");
  }

  /** One of these. */
  choice<T extends string>(key: string, choices: readonly T[], absent: T): T {
    const value = this.get(key) ?? absent;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.error(
      `: unsupported ${key}: ${JSON.stringify(value)} (supported: ${choices.join(", ")})`,
    );
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

  /** Refuses values that would silently give other numbers than `transformers` does. */
  refuse(values: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(values)) {
      if (this.get(key) === value) {
        throw this.error(`: ${key}: ${JSON.stringify(value)} is not supported`);
      }
    }
  }

  /** `config.json of tiny: invalid n_layer: 1.5 (a whole number above 0)` */
  invalid(key: string, expected: string): Error {
    return this.error(`: invalid ${key}: ${JSON.stringify(this.get(key))} (${expected})`);
  }

  /** A sentence about this file: what follows its name, with a colon or without. */
  error(rest: string): Error {
    return new Error(`config.json of ${this.name}${rest.startsWith(":") ? "" : " "}${rest}`);
  }
}
