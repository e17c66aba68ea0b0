import { ADAPTER } from "./adapterNames.ts";
import { readZip } from "../archive/zip.ts";
import { record } from "../outside/kinds.ts";
import { readJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { parseHeader, type SafetensorsHeader, toFloat32 } from "../weights/safetensors.ts";
import { checkChange, numberText } from "./checkDelta.ts";
import type { Delta, WeightDelta } from "./delta.ts";
import { type LoraConfig, readLoraConfig } from "./loraConfig.ts";
import { checkProvenance, type Provenance } from "./provenance.ts";

const TENSOR = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/;

type Files = Readonly<Record<string, Uint8Array>>;

/** A part of an adapter: what is read, and what it is called in messages. */
interface Part {
  bytes: Uint8Array;
  what: string;
}

/**
 * Reads an adapter's files back as a delta: ours, or any LoRA on linear maps. `alpha/r` is folded into
 * v. Without an edit.json the provenance says only what the adapter itself does.
 *
 * @param files name -> contents; names may begin with a folder, the same for all
 * @param what names the folder or the archive in messages
 * @throws one sentence: a file that is missing, another kind of adapter, an option that changes what the matrices mean, a
 *   module that is saved whole, a missing half, shapes that do not fit, a number that is not finite
 */
export function readAdapter(files: Files, what = "the adapter"): Delta {
  const find = finder(files, what);
  const { config: CONFIG, weights: WEIGHTS } = ADAPTER;
  const [settings, tensors, edit] = [find(CONFIG), find(WEIGHTS), find(ADAPTER.edit)];
  const missing = settings ? WEIGHTS : CONFIG;
  if (!settings || !tensors) {
    throw new Error(`${shown(what)} is not a PEFT adapter: ${missing} is missing`);
  }
  const config = readLoraConfig(settings.bytes, settings.what);
  const header = parseHeader(tensors.bytes, tensors.bytes.length, tensors.what);
  const weights = modules(header, tensors.what).map((module) =>
    readLayer({ tensors, header, config, about: settings.what }, module),
  );
  if (weights.length === 0) throw new Error(`${shown(tensors.what)} holds no LoRA matrices`);
  return { provenance: (edit && provenanceIn(edit)) ?? foreign(config), weights };
}

/** {@link readAdapter} of a zip archive. */
export function readAdapterZip(bytes: Uint8Array, what = "the adapter"): Delta {
  const names: readonly string[] = [ADAPTER.config, ADAPTER.weights, ADAPTER.edit];
  const only = (path: string) => names.includes(path.split("/").at(-1)!);
  return readAdapter(Object.fromEntries(readZip(bytes, { what, only })), what);
}

/** The files of the one folder that holds an adapter. */
function finder(files: Files, what: string): (name: string) => Part | undefined {
  const configs = Object.keys(files).filter((path) => path.split("/").at(-1) === ADAPTER.config);
  if (configs.length > 1) {
    throw new Error(`${shown(what)} holds ${configs.length} adapters; give one of them`);
  }
  const folder = configs.length > 0 ? configs[0].slice(0, -ADAPTER.config.length) : "";
  return (name) => {
    const path = `${folder}${name}`;
    if (!Object.hasOwn(files, path)) return undefined;
    return { bytes: files[path], what: `${name} of ${what}` };
  };
}

/** The names of the changed modules, in the file's order. */
function modules({ tensors }: SafetensorsHeader, what: string): string[] {
  const names = [...tensors.keys()].map((tensor) => {
    const match = TENSOR.exec(tensor);
    if (match) return match[1];
    if (/\.(weight|bias)$/.test(tensor) && !tensor.includes(".lora_")) {
      throw new Error(
        `${shown(what)}: ${shown(tensor)} is saved whole (modules_to_save), which is no change by itself; only LoRA matrices can be read`,
      );
    }
    throw new Error(`${shown(what)}: ${shown(tensor)} is not a LoRA matrix this program can apply`);
  });
  return [...new Set(names)];
}

function readLayer(
  from: { tensors: Part; header: SafetensorsHeader; config: LoraConfig; about: string },
  module: string,
): WeightDelta {
  const [what, about] = [shown(from.tensors.what), shown(from.about)];
  const a = matrix(from.tensors, from.header, `${ADAPTER.prefix}${module}.lora_A.weight`);
  const b = matrix(from.tensors, from.header, `${ADAPTER.prefix}${module}.lora_B.weight`);
  const rank = a.rows;
  const named = shown(module);
  if (b.columns !== rank) {
    throw new Error(`${what}: ${named} has lora_A of rank ${rank} and lora_B of rank ${b.columns}`);
  }
  const { r, alpha } = from.config.module(module);
  if (r !== rank) {
    throw new Error(`${about}: r of ${named} is ${r}, but its matrices have rank ${rank}`);
  }
  if (!Number.isFinite(Math.fround(alpha / r))) {
    throw new Error(`${about}: lora_alpha of ${named} is ${alpha}, more than a float32 can hold`);
  }
  const v = transpose(b.data, b.rows, rank, alpha / rank);
  const entry = { weight: `${module}.weight`, change: { rank, u: a.data, v } };
  checkChange(entry, what);
  return entry;
}

function matrix({ bytes, what }: Part, { tensors }: SafetensorsHeader, name: string) {
  const info = tensors.get(name);
  const wrong = (how: string) => new Error(`${shown(what)} is damaged: ${shown(name)} ${how}`);
  if (info?.shape.length !== 2) throw wrong(`is ${info ? "not a matrix" : "missing"}`);
  if (!/^(BF16|F16|F32|F64)$/.test(info.dtype)) throw wrong(`is ${info.dtype}, no numbers of LoRA`);
  const data = toFloat32(bytes.slice(info.begin, info.end), info.dtype);
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw wrong(`holds ${numberText(data[bad])} at ${bad}`);
  return { data, rows: info.shape[0], columns: info.shape[1] };
}

/** [rows, columns] to [columns, rows], times `scale`. */
export function transpose(data: Float32Array, rows: number, columns: number, scale = 1) {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = scale * data[row * columns + column];
    }
  }
  return result;
}

function provenanceIn({ bytes, what }: Part): Provenance | undefined {
  const { provenance } = readJson(bytes, record, what);
  return provenance === undefined ? undefined : checkProvenance(provenance, what);
}

/** What can be said of an adapter that another program made. */
const foreign = ({ model, revision }: LoraConfig): Provenance => ({
  format: "palimpsest.delta",
  version: 1,
  model,
  revision,
  method: "PEFT LoRA",
  app: "unknown",
  seed: 0,
  hyperparameters: {},
});
