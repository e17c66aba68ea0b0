import { checkScript } from "./checkScript.ts";
import { checkChange } from "./checkDelta.ts";
import { combine } from "./combine.ts";
import { type Delta, isLowRank, type LowRank, type WeightDelta } from "./delta.ts";
import { checkProvenance, type Provenance } from "./provenance.ts";
import {
  parseHeader,
  toFloat32,
  writeSafetensors,
  type SafetensorsHeader,
} from "../weights/safetensors.ts";
import { readZip, writeZip } from "../archive/zip.ts";

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

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";
const TENSOR = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/;

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
    "edit.json": json(edit),
    "check.py": new TextEncoder().encode(checkScript),
  };
}

/** {@link adapterFiles} as one zip archive. */
export function writeAdapterZip(delta: Delta, options: AdapterOptions): Uint8Array {
  return writeZip(adapterFiles(delta, options));
}

/**
 * Reads an adapter's files back as a delta: ours, or any LoRA on linear maps. `alpha/r` is folded into
 * v. Without an edit.json the provenance says only what the adapter itself does.
 *
 * @param files name -> contents; names may begin with a folder
 * @throws one sentence: a file that is missing, another kind of adapter, a module that is saved whole,
 *   a missing half, shapes that do not fit, a number that is not finite
 */
export function readAdapter(files: Record<string, Uint8Array>): Delta {
  const config = parseJson(find(files, CONFIG, true), CONFIG);
  checkConfig(config);
  const bytes = find(files, WEIGHTS, true);
  const header = parseHeader(bytes, bytes.length, WEIGHTS);
  const weights = modules(header).map((module) => readLayer(bytes, header, { module, config }));
  if (weights.length === 0) throw new Error(`${WEIGHTS} holds no LoRA matrices`);
  const edit = find(files, "edit.json", false);
  const { provenance } = edit ? parseJson(edit, "edit.json") : { provenance: undefined };
  const known = provenance === undefined ? undefined : checkProvenance(provenance, "edit.json");
  return { provenance: known ?? foreign(config), weights };
}

/** {@link readAdapter} of a zip archive. */
export function readAdapterZip(bytes: Uint8Array, what = "the adapter"): Delta {
  const only = (name: string) =>
    /(^|\/)(adapter_config\.json|adapter_model\.safetensors|edit\.json)$/.test(name);
  return readAdapter(Object.fromEntries(readZip(bytes, { what, only })));
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

/** [rows, columns] to [columns, rows], times `scale`. */
function transpose(data: Float32Array, rows: number, columns: number, scale = 1): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = scale * data[row * columns + column];
    }
  }
  return result;
}

type Files = Record<string, Uint8Array>;
function find(files: Files, name: string, required: true): Uint8Array;
function find(files: Files, name: string, required: false): Uint8Array | undefined;
function find(files: Files, name: string, required: boolean): Uint8Array | undefined {
  const path = Object.keys(files).find((key) => key === name || key.endsWith(`/${name}`));
  if (path === undefined && required) {
    throw new Error(`this is not a PEFT adapter: ${name} is missing`);
  }
  return path === undefined ? undefined : files[path];
}

function parseJson(bytes: Uint8Array, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Error(`${name} is damaged: it is not a JSON object`);
}

function checkConfig(config: Record<string, unknown>): void {
  if (config.peft_type !== "LORA") {
    throw new Error(
      `${CONFIG}: peft_type is ${JSON.stringify(config.peft_type)}; only "LORA" can be read`,
    );
  }
  for (const option of ["use_rslora", "use_dora", "lora_bias", "alora_invocation_tokens"]) {
    const value = config[option];
    if (value === undefined || value === null || value === false) continue;
    throw new Error(`${CONFIG}: ${option} is not supported`);
  }
  // These take the factors out of the base weights, so that the adapter is no change of them alone.
  const start = config.init_lora_weights;
  if (typeof start === "string" && /^(pissa|olora|loftq|corda)/i.test(start)) {
    throw new Error(`${CONFIG}: init_lora_weights is ${JSON.stringify(start)}, not supported`);
  }
}

/** The names of the changed modules, in the file's order. */
function modules({ tensors }: SafetensorsHeader): string[] {
  const names = [...tensors.keys()].map((tensor) => {
    const match = TENSOR.exec(tensor);
    if (/\.(weight|bias)$/.test(tensor) && !tensor.includes(".lora_")) {
      throw new Error(
        `${WEIGHTS}: ${tensor} is saved whole (modules_to_save), which is no change by itself; only LoRA matrices can be read`,
      );
    }
    if (!match)
      throw new Error(`${WEIGHTS}: ${tensor} is not a LoRA matrix this program can apply`);
    return match[1];
  });
  return [...new Set(names)];
}

function readLayer(
  bytes: Uint8Array,
  header: SafetensorsHeader,
  { module, config }: { module: string; config: Record<string, unknown> },
): WeightDelta {
  const weight = `${module}.weight`;
  const a = matrix(bytes, header, `${PREFIX}${module}.lora_A.weight`);
  const b = matrix(bytes, header, `${PREFIX}${module}.lora_B.weight`);
  const rank = a.rows;
  if (b.columns !== rank) {
    throw new Error(
      `${WEIGHTS}: ${module} has lora_A of rank ${rank} and lora_B of rank ${b.columns}`,
    );
  }
  const said = patterned(config, { key: "r", pattern: "rank_pattern", module });
  if (typeof said === "number" && said !== rank) {
    throw new Error(`${CONFIG}: r of ${module} is ${said}, but its matrices have rank ${rank}`);
  }
  const v = transpose(b.data, b.rows, rank, alpha(config, module) / rank);
  const entry = { weight, change: { rank, u: a.data, v } };
  checkChange(entry, WEIGHTS);
  return entry;
}

function alpha(config: Record<string, unknown>, module: string): number {
  const value = patterned(config, { key: "lora_alpha", pattern: "alpha_pattern", module });
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`${CONFIG}: lora_alpha is ${JSON.stringify(value)}, expected a number`);
  }
  return value;
}

/** An option of a module: that of the first pattern that is its name or the end of it, else the one for all. */
function patterned(
  config: Record<string, unknown>,
  { key, pattern, module }: { key: string; pattern: string; module: string },
): unknown {
  const entries = Object.entries((config[pattern] ?? {}) as Record<string, unknown>);
  const own = entries.find(([name]) => module === name || module.endsWith(`.${name}`));
  return own ? own[1] : config[key];
}

function matrix(bytes: Uint8Array, { tensors }: SafetensorsHeader, name: string) {
  const info = tensors.get(name);
  if (info?.shape.length !== 2) {
    throw new Error(`${WEIGHTS} is damaged: ${name} is ${info ? "not a matrix" : "missing"}`);
  }
  const data = toFloat32(bytes.slice(info.begin, info.end), info.dtype);
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new Error(`${WEIGHTS} is damaged: ${name} holds ${data[bad]} at ${bad}`);
  return { data, rows: info.shape[0], columns: info.shape[1] };
}

/** What can be said of an adapter that another program made. */
function foreign(config: Record<string, unknown>): Provenance {
  const model = config.base_model_name_or_path;
  return {
    format: "palimpsest.delta",
    version: 1,
    model: typeof model === "string" ? model : "unknown",
    revision: typeof config.revision === "string" ? config.revision : "unknown",
    method: "PEFT LoRA",
    app: "unknown",
    seed: 0,
    hyperparameters: {},
  };
}
