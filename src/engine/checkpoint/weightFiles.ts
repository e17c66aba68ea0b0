import { bounds } from "../../data/outside/bounds.ts";
import { object, record } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import { shown } from "../../data/outside/shown.ts";
import {
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  type TensorInfo,
} from "../../data/weights/safetensors.ts";
import { MANIFEST, parseManifest } from "../files/manifest.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const TORCH = "pytorch_model.bin";
const TORCH_INDEX = "pytorch_model.bin.index.json";
// Below this a model's files are read whole; above it, tensor by tensor.
const SMALL = 64 * 2 ** 20;
// Enough for the header of every GPT-2; a longer one costs a second request.
const FIRST_READ = 2 ** 18;

/** One tensor as it lies in a file. */
export interface StoredTensor {
  file: string;
  info: TensorInfo;
  /** Where in the file it begins, when that is not sure before it is read. */
  locate?: () => Promise<number>;
}

/** The files that hold a model's weights. */
export interface WeightFiles {
  /** By the names in the files. */
  tensors: Map<string, StoredTensor>;
  /** What the files say beside their tensors. */
  metadata: Record<string, string>;
  /** Small files, whole. */
  whole: Map<string, Uint8Array>;
}

/**
 * Finds a model's weights and reads what the files say about their tensors: safetensors, or else a PyTorch checkpoint.
 *
 * @throws one sentence: no weights there, a shard that is missing, damaged, truncated or refused
 */
export async function openWeightFiles(files: ModelFiles): Promise<WeightFiles> {
  const { kind, paths, weights, index } = await findWeightFiles(files);
  for (const path of Object.keys(weights).length > 0 ? paths : []) {
    if (await files.has(path)) continue;
    throw new Error(
      `${index} names ${shown(path)}, which ${shown(files.name)} does not have; fetch it again`,
    );
  }
  const found: WeightFiles = { tensors: new Map(), metadata: {}, whole: new Map() };
  if (kind === "torch") {
    for (const path of paths) await addTorch(found, files, path);
  } else {
    await addSafetensors(found, files, paths);
  }
  for (const [name, path] of Object.entries(weights)) {
    if (found.tensors.get(name)?.file !== path) {
      throw new Error(`${index} is wrong: tensor ${shown(name)} is not in ${shown(path)}`);
    }
  }
  return found;
}

/** Where a model's weights lie: one file, or shards by the names of their tensors. */
interface Found {
  kind: "safetensors" | "torch";
  paths: string[];
  weights: Record<string, string>;
  index: string;
}

/**
 * Finds a model's weights from the list of files and the index of the shards alone.
 *
 * @throws one sentence: no weights there, or a damaged index
 */
export async function findWeightFiles(files: ModelFiles): Promise<Found> {
  for (const [kind, single, index] of [
    ["safetensors", SINGLE, INDEX],
    ["torch", TORCH, TORCH_INDEX],
  ] as const) {
    if (await files.has(single)) return { kind, paths: [single], weights: {}, index };
    if (!(await files.has(index))) continue;
    const weights = weightMap(await files.read(index), index);
    return { kind, paths: [...new Set(Object.values(weights))], weights, index };
  }
  throw new Error(
    `${files.name} has neither ${SINGLE} nor ${INDEX}, nor ${TORCH}; a model folder needs one of them`,
  );
}

const indexShape = object({ weight_map: record });
// A file of the model's own folder, as every index names it.
const PLAIN = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** The files of an index by the names of their tensors. */
function weightMap(json: Uint8Array, index: string): Record<string, string> {
  const map = Object.entries(readJson(json, indexShape, index).weight_map);
  const paths = new Set<unknown>();
  for (const [name, path] of map) {
    if (typeof path !== "string" || !PLAIN.test(path)) {
      const field = `"weight_map.${shown(name)}"`;
      throw new Error(`${index}: ${field} is "${shown(path)}", expected the name of a file`);
    }
    paths.add(path);
  }
  if (map.length > bounds.tensors || paths.size > bounds.weightFiles) {
    throw new Error(
      `${index} is refused: it names ${map.length} tensors in ${paths.size} files, at most ${bounds.tensors} in ${bounds.weightFiles} are read`,
    );
  }
  return Object.fromEntries(map) as Record<string, string>;
}

async function addSafetensors(
  found: WeightFiles,
  files: ModelFiles,
  paths: string[],
): Promise<void> {
  const sizes = await Promise.all(paths.map((path) => files.size(path)));
  // A converted model always has an index: a single file is not asked about.
  if (paths[0] !== SINGLE && (await files.has(MANIFEST))) await checkSizes(files, paths, sizes);
  const small = sizes.every((size) => size !== undefined) && total(sizes) < SMALL;
  const headers = await Promise.all(
    paths.map((path, i) =>
      small ? readWhole(files, path, found.whole) : readHeader(files, path, sizes[i]),
    ),
  );
  headers.forEach(({ tensors, metadata }, i) => {
    Object.assign(found.metadata, metadata);
    for (const [name, info] of tensors) found.tensors.set(name, { file: paths[i], info });
  });
}

const total = (sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0);

/** A converted model says how long each of its files is. */
async function checkSizes(
  files: ModelFiles,
  paths: string[],
  sizes: (number | undefined)[],
): Promise<void> {
  const manifest = parseManifest(await files.read(MANIFEST));
  for (const [i, path] of paths.entries()) {
    const listed = Object.hasOwn(manifest.files, path);
    if (!listed) throw new Error(`${MANIFEST} is damaged: it does not list ${path}`);
    const expected = manifest.files[path].size;
    if (sizes[i] !== undefined && sizes[i] !== expected) {
      throw new Error(
        `${path} is damaged: it has ${sizes[i]} bytes, ${MANIFEST} says ${expected}; fetch it or convert the model again`,
      );
    }
  }
}

async function readWhole(
  files: ModelFiles,
  path: string,
  whole: Map<string, Uint8Array>,
): Promise<SafetensorsHeader> {
  const bytes = await files.read(path);
  whole.set(path, bytes);
  return parseHeader(bytes, bytes.length, path);
}

async function readHeader(
  files: ModelFiles,
  path: string,
  size: number | undefined,
): Promise<SafetensorsHeader> {
  let bytes = await files.read(path, [0, FIRST_READ]);
  const needed = 8 + headerLength(bytes, path);
  if (needed > bytes.length) bytes = await files.read(path, [0, needed]);
  return parseHeader(bytes, size, path);
}

async function addTorch({ tensors }: WeightFiles, files: ModelFiles, path: string): Promise<void> {
  const size = await files.size(path);
  if (size === undefined) {
    throw new Error(
      `the server of ${shown(files.name)} does not say how long ${shown(path)} is; download the model and open its folder`,
    );
  }
  const source = { size, read: (begin: number, end: number) => files.read(path, [begin, end]) };
  const { openTorchCheckpoint } = await import("../../data/weights/torchCheckpoint.ts");
  for (const [name, { info, locate }] of await openTorchCheckpoint(source, path)) {
    tensors.set(name, { file: path, info, locate });
  }
}
