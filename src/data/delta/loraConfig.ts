import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { list, name, number, object, record, whole } from "../outside/kinds.ts";
import { readJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";

/** What is asked of PEFT's adapter_config.json for one module. */
export interface LoraModule {
  /** Rows of lora_A. */
  r: number;
  alpha: number;
}

/** The settings of a LoRA adapter, as PEFT reads them. */
export interface LoraConfig {
  /** Hub id or folder of the base model, where it says. */
  model: string;
  revision: string;
  /**
   * The settings of a module by its name in the base model.
   *
   * @throws where PEFT would not put an adapter there
   */
  module: (name: string) => LoraModule;
}

/** An option that only changes the result when it is set, and is then refused. */
const unset = v.optional(
  v.custom<undefined>(
    (value) => value === null || value === false,
    "nothing: this option is not supported",
  ),
);

const someNames = v.optional(v.nullable(v.union([name, list(name)], "a text or a list of texts")));
const whole64 = whole();

/** PEFT 0.21's LoraConfig: what is absent has its defaults, what would change the result otherwise is refused. */
const schema = object({
  peft_type: v.literal("LORA", '"LORA", the only kind that can be read'),
  r: v.optional(whole(1, bounds.dimension), 8),
  lora_alpha: v.optional(number, 8),
  rank_pattern: v.optional(record, {}),
  alpha_pattern: v.optional(record, {}),
  target_modules: someNames,
  exclude_modules: someNames,
  layers_to_transform: v.optional(
    v.nullable(v.union([whole64, list(whole64)], "a layer or a list of them")),
  ),
  bias: v.optional(v.literal("none", '"none", the only value that is supported'), "none"),
  // All others take the factors out of the base weights, so that the adapter is no change of them alone.
  init_lora_weights: v.optional(
    v.union(
      [v.boolean(), v.picklist(["gaussian", "eva", "orthogonal"])],
      "true, false, gaussian, eva or orthogonal; no other start is supported",
    ),
  ),
  base_model_name_or_path: v.optional(v.nullable(name)),
  revision: v.optional(v.nullable(name)),
  use_rslora: unset,
  use_dora: unset,
  use_qalora: unset,
  use_bdlora: unset,
  lora_bias: unset,
  alora_invocation_tokens: unset,
  layer_replication: unset,
  target_parameters: unset,
  trainable_token_indices: unset,
  megatron_config: unset,
  velora_config: unset,
  monteclora_config: unset,
  arrow_config: unset,
  kasa_config: unset,
  ensure_weight_tying: unset,
});

/**
 * Reads PEFT's adapter_config.json.
 *
 * @param what names the file in messages
 * @throws one sentence: another kind of adapter, an option that is not supported, a pattern that is more than a name
 */
export function readLoraConfig(bytes: Uint8Array, what: string): LoraConfig {
  const config = readJson(bytes, schema, what);
  const ranks = patterns(
    config.rank_pattern,
    whole(1, bounds.dimension),
    `rank_pattern of ${what}`,
  );
  const alphas = patterns(config.alpha_pattern, number, `alpha_pattern of ${what}`);
  const target = targets(config, what);
  return {
    model: config.base_model_name_or_path ?? "unknown",
    revision: config.revision ?? "unknown",
    module(name) {
      if (!target(name)) {
        throw new Error(
          `${shown(what)} does not name ${shown(name)} among its target_modules, so that PEFT would leave its matrices out`,
        );
      }
      return { r: ranks(name) ?? config.r, alpha: alphas(name) ?? config.lora_alpha };
    },
  };
}

/** A name, in which a dot stands for any character, with `^` where it must be the whole. */
const PLAIN = /^\^?[\w.-]+$/;

/**
 * An option by module: that of the first pattern that is its name or the end of it, as in PEFT's `(.*\.)?(key)$`. What is
 * more than a name could take longer than anybody waits.
 */
function patterns<T>(
  given: Record<string, unknown>,
  kind: v.GenericSchema<unknown, T>,
  what: string,
): (module: string) => T | undefined {
  const entries = Object.entries(given);
  if (entries.length > bounds.patterns) {
    throw new Error(
      `the ${shown(what)} has ${entries.length} entries (at most ${bounds.patterns})`,
    );
  }
  const known = entries.map(([key, value]): [RegExp, T] => {
    if (!PLAIN.test(key)) {
      throw new Error(`the ${shown(what)} has "${shown(key)}", which is more than a module's name`);
    }
    const parsed = v.safeParse(kind, value);
    if (parsed.success) return [new RegExp(`^(?:.*\\.)?(?:${key})$`), parsed.output];
    throw new Error(
      `the ${shown(what)} has ${shown(value)} for "${shown(key)}", expected ${parsed.issues[0].message}`,
    );
  });
  return (module) => known.find(([pattern]) => pattern.test(module))?.[1];
}

/** Which modules PEFT would adapt; a pattern in the place of names is taken to hold for all. */
function targets(config: v.InferOutput<typeof schema>, what: string): (name: string) => boolean {
  const { target_modules: targeted, exclude_modules: excluded, layers_to_transform: only } = config;
  if (typeof excluded === "string") {
    throw new Error(`exclude_modules of ${shown(what)} is a pattern, which is not supported`);
  }
  const named = (names: readonly string[]) => {
    const all = new Set(names);
    return (module: string) => suffixes(module).some((end) => all.has(end));
  };
  const within = Array.isArray(targeted) ? named(targeted) : () => true;
  const without = named(excluded ?? []);
  const layers = only === undefined || only === null ? undefined : new Set([only].flat());
  const layered = (module: string) =>
    layers?.has(Number(/\.(\d+)\./.exec(`.${module}`)?.[1] ?? NaN)) ?? true;
  return (module) => within(module) && !without(module) && layered(module);
}

/** "a.b.c", "b.c" and "c". */
function suffixes(module: string): string[] {
  const parts = module.split(".");
  return parts.map((_, i) => parts.slice(i).join("."));
}
