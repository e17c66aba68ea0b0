import { checkScript } from "./checkScript.ts";
import { combine } from "./combine.ts";
import { type Delta, isLowRank, type LowRank } from "./delta.ts";
import { ADAPTER } from "./adapterNames.ts";
import { transpose } from "./readAdapter.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { writeZip } from "../archive/zip.ts";

/** What an adapter folder says beside the weights. */
export interface AdapterOptions {
  /** Whether the checkpoint keeps its matrices as [inputs, outputs], as Conv1D does. */
  fanInFanOut: boolean;
  /** Hub id or folder of the model that was edited. */
  baseModel: string;
  /** The recipe that reproduces the edit (recipe.ts); becomes edit.json. */
  recipe: unknown;
  check: AdapterCheck;
  /** Whole modules with their changes, for `modules_to_save`: what factors cannot say. See adapterWeights. */
  full?: Readonly<Record<string, FullWeight>> | undefined;
}

/** W + ΔW as the checkpoint keeps it. */
export interface FullWeight {
  shape: readonly number[];
  data: Float32Array;
}

/** What check.py asks of the model: p(target) after a complete prompt; the probabilities we saw, if known. */
export interface AdapterCheck {
  prompt: string;
  target: string;
  before?: number;
  after?: number;
}

const { config: CONFIG, weights: WEIGHTS, edit: EDIT, prefix: PREFIX } = ADAPTER;

/**
 * The files of a PEFT LoRA adapter that `PeftModel.from_pretrained(model, folder)` loads as it is:
 * adapter_config.json, adapter_model.safetensors, edit.json (the recipe, the provenance and what to check) and
 * check.py. Per matrix lora_A = u [rank, inputs], lora_B = vᵀ [outputs, rank] and lora_alpha = r, so that
 * B·A = ΔWᵀ in the (out, in) order PEFT uses for Conv1D and Linear alike; what is given in full is in modules_to_save.
 *
 * @throws a sentence for a dense change that is not given in full, and where there are no factors at all
 */
export function adapterFiles(delta: Delta, options: AdapterOptions): Record<string, Uint8Array> {
  const { baseModel, recipe, check, full = {} } = options;
  const layers = lowRanks(delta, full);
  // METHODS 4.1: a target gets a leading space when it has none.
  const target = check.target.startsWith(" ") ? check.target : ` ${check.target}`;
  const edit = {
    ...(recipe as object),
    provenance: delta.provenance,
    check: { base_model: baseModel, ...check, target },
  };
  return {
    [CONFIG]: json(adapterConfig(layers, options)),
    [WEIGHTS]: writeSafetensors({ ...loraTensors(layers), ...fullTensors(full) }, { format: "pt" }),
    [EDIT]: json(edit),
    "check.py": new TextEncoder().encode(checkScript),
  };
}

/** {@link adapterFiles} as one zip archive. */
export function writeAdapterZip(delta: Delta, options: AdapterOptions): Uint8Array {
  return writeZip(adapterFiles(delta, options));
}

/** The factors of one weight. */
type Factors = LowRank & { weight: string };

/** @throws for a dense change, which LoRA cannot say */
function lowRanks(delta: Delta, full: Readonly<Record<string, FullWeight>>): Factors[] {
  const others = combine(delta.weights).filter(({ weight }) => !Object.hasOwn(full, weight));
  const factors = others.map(({ weight, change }) => {
    if (isLowRank(change)) return { weight, ...change };
    throw new Error(
      `the change of ${weight} is dense, which LoRA factors cannot hold; save it as a delta, or merge it into the model`,
    );
  });
  if (factors.length > 0) return factors;
  throw new Error(
    "a LoRA adapter needs a change of low rank, and this delta has none; save it as a delta, or merge it into the model",
  );
}

/** Modules saved whole, under the names that PEFT gives them. */
const fullTensors = (full: Readonly<Record<string, FullWeight>>) =>
  Object.fromEntries(
    Object.entries(full).map(([name, { shape, data }]) => [
      `${PREFIX}${name}`,
      { shape: [...shape], data },
    ]),
  );

const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
/** The module that a weight or a bias belongs to. */
const moduleOf = (weight: string) => weight.replace(/\.(weight|bias)$/, "");
const moduleName = (weight: string) => weight.replace(/\.weight$/, "");

function adapterConfig(layers: Factors[], options: AdapterOptions): Record<string, unknown> {
  const r = Math.max(...layers.map(({ rank }) => rank));
  const others = layers.filter(({ rank }) => rank !== r);
  const ranks = Object.fromEntries(others.map(({ weight, rank }) => [moduleName(weight), rank]));
  const saved = new Set(Object.keys(options.full ?? {}).map(moduleOf));
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: options.baseModel,
    r,
    lora_alpha: r,
    lora_dropout: 0.0,
    bias: "none",
    fan_in_fan_out: options.fanInFanOut,
    // Full names: the bare name of a module would build an adapter in every layer.
    target_modules: layers.map(({ weight }) => moduleName(weight)),
    rank_pattern: others.length > 0 ? ranks : undefined,
    alpha_pattern: others.length > 0 ? ranks : undefined,
    modules_to_save: saved.size > 0 ? [...saved] : undefined,
    inference_mode: true,
  };
}

function loraTensors(layers: Factors[]): Parameters<typeof writeSafetensors>[0] {
  const tensors: Parameters<typeof writeSafetensors>[0] = {};
  for (const { weight, u, v, rank } of layers) {
    const name = `${PREFIX}${moduleName(weight)}`;
    const [dMlp, dModel] = [u.length / rank, v.length / rank];
    tensors[`${name}.lora_A.weight`] = { shape: [rank, dMlp], data: u };
    tensors[`${name}.lora_B.weight`] = { shape: [dModel, rank], data: transpose(v, rank, dModel) };
  }
  return tensors;
}
