import {
  parseHeader,
  toFloat32,
  writeSafetensors,
  type SafetensorsHeader,
} from "../weights/safetensors.ts";

const FORMAT = "palimpsest.delta";
const VERSION = 1;

/** A fact that was written; the prompt has one `{}`. */
interface WrittenFact {
  prompt: string;
  subject: string;
  target: string;
}

/** Where a delta came from: enough to repeat it. */
export interface Provenance {
  format: "palimpsest.delta";
  version: 1;
  /** Model id and revision the edit was made on. */
  model: string;
  revision: string;
  /** "rome", … */
  method: string;
  created?: string;
  /** Name and version of the program that wrote it. */
  app: string;
  seed: number;
  hyperparameters: Record<string, unknown>;
  request?: WrittenFact;
  /** Instead, where there are several. */
  requests?: WrittenFact[];
  [key: string]: unknown;
}

/** The facts that a delta was made for: many, one, or none that it tells of. */
export function requestsOf({ provenance }: Pick<Delta, "provenance">): WrittenFact[] {
  const { request, requests } = provenance;
  if (request) return [request];
  return Array.isArray(requests) && requests.every(isRequest) ? requests : [];
}

const isRequest = (value: unknown): value is WrittenFact =>
  typeof value === "object" &&
  value !== null &&
  ["prompt", "subject", "target"].every((key) => typeof (value as never)[key] === "string");

/** The change of one layer's MLP output matrix, ΔW [dMlp, dModel] = uᵀv, whatever the checkpoint's layout. */
export interface DeltaLayer {
  layer: number;
  /** "transformer.h.3.mlp.c_proj.weight" (GPT-2) or "….mlp.fc_out.weight" (GPT-J). */
  weight: string;
  /** [rank, dMlp] row-major; ROME's left vector. */
  u: Float32Array;
  /** [rank, dModel] row-major; ROME's right vector. */
  v: Float32Array;
  rank: number;
  /** ‖ΔW‖/‖W‖. */
  norm?: number;
}

/** An edit as low-rank factors on top of frozen weights. */
export interface Delta {
  provenance: Provenance;
  layers: DeltaLayer[];
}

const WEIGHT = /^transformer\.h\.(\d+)\.mlp\.(?:c_proj|fc_out)\.weight$/;

/**
 * Writes a delta as safetensors: `<weight>.u` [rank, dMlp] and `<weight>.v` [rank, dModel] per layer, the
 * provenance in the metadata. Entries for the same weight become one of their summed rank.
 *
 * @throws one sentence when a factor's length does not fit its rank, or a number is not finite
 */
export function writeDelta(delta: Delta): Uint8Array {
  const layers = combineLayers(delta.layers);
  layers.forEach((layer) => checkLayer(layer, "the delta"));
  const tensors: Parameters<typeof writeSafetensors>[0] = {};
  for (const { weight, u, v, rank } of layers) {
    tensors[`${weight}.u`] = { shape: [rank, u.length / rank], data: u };
    tensors[`${weight}.v`] = { shape: [rank, v.length / rank], data: v };
  }
  return writeSafetensors(tensors, {
    format: FORMAT,
    version: String(VERSION),
    provenance: JSON.stringify({ ...delta.provenance, format: FORMAT, version: VERSION }),
    layers: JSON.stringify(layers.map(({ weight, rank, norm }) => ({ weight, rank, norm }))),
  });
}

/**
 * Reads a delta that {@link writeDelta} wrote.
 *
 * @param what names the file in messages
 * @throws one sentence that says what is wrong: not safetensors, not a delta, another version, a tensor that
 *   is missing, misshapen or holds a number that is not finite
 */
export function readDelta(bytes: Uint8Array, what = "the delta file"): Delta {
  const header = parseHeader(bytes, bytes.length, what);
  checkFormat(header.metadata, what);
  const provenance = parseMetadata<Provenance>(header.metadata, "provenance", what);
  const entries = parseMetadata<{ weight: string; norm?: number }[]>(
    header.metadata,
    "layers",
    what,
  );
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new Error(`${what} is damaged: it names no layers`);
  }
  const layers = entries.map(({ weight, norm }) => {
    const u = factor(bytes, header, { name: `${weight}.u`, what });
    const v = factor(bytes, header, { name: `${weight}.v`, what });
    if (u.rank !== v.rank) {
      throw new Error(
        `${what} is damaged: ${weight} has u of rank ${u.rank} and v of rank ${v.rank}`,
      );
    }
    const layer: DeltaLayer = {
      layer: layerOf(weight, what),
      weight,
      u: u.data,
      v: v.data,
      rank: u.rank,
    };
    if (typeof norm === "number") layer.norm = norm;
    checkLayer(layer, what);
    return layer;
  });
  return { provenance, layers };
}

/**
 * One entry per weight: the factors of a stack of edits stand below each other, so that
 * uᵀv of the whole is the sum of the edits. `norm` is kept only where nothing was joined.
 */
export function combineLayers(layers: DeltaLayer[]): DeltaLayer[] {
  const byWeight = new Map<string, DeltaLayer>();
  for (const next of layers) {
    const before = byWeight.get(next.weight);
    byWeight.set(next.weight, before ? stack(before, next) : next);
  }
  return [...byWeight.values()];
}

/**
 * Checks that a delta can be applied to a model.
 *
 * @throws `this delta changes layer 17 …, but demo has layers 0–7`, or the same for dMlp and dModel
 */
export function checkDeltaFits(
  delta: Delta,
  model: { name: string; layers: number; dModel: number; dMlp: number },
): void {
  const made = `this delta was made for ${delta.provenance.model}`;
  for (const { layer, weight, u, v, rank } of delta.layers) {
    if (layer >= model.layers) {
      throw new Error(
        `${made} and changes layer ${layer}, but ${model.name} has layers 0–${model.layers - 1}`,
      );
    }
    const [dMlp, dModel] = [u.length / rank, v.length / rank];
    if (dMlp !== model.dMlp || dModel !== model.dModel) {
      throw new Error(
        `${made}: ${weight} is [${dMlp}, ${dModel}] there and [${model.dMlp}, ${model.dModel}] in ${model.name}; open the model it was made for`,
      );
    }
  }
}

/**
 * The layer of an MLP output matrix by its Hugging Face name.
 *
 * @throws when it is no MLP output matrix of GPT-2 or GPT-J
 */
export function layerOf(weight: string, what = "the delta"): number {
  const match = WEIGHT.exec(weight);
  if (!match) {
    throw new Error(
      `${what} changes ${weight}; only MLP output matrices (…mlp.c_proj.weight, …mlp.fc_out.weight) can be changed`,
    );
  }
  return Number(match[1]);
}

function stack(a: DeltaLayer, b: DeltaLayer): DeltaLayer {
  const { layer, weight } = a;
  return {
    layer,
    weight,
    u: joined(a.u, b.u),
    v: joined(a.v, b.v),
    rank: a.rank + b.rank,
  };
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function checkLayer({ layer, weight, u, v, rank }: DeltaLayer, what: string): void {
  if (layerOf(weight, what) !== layer) {
    throw new Error(`${what} is damaged: ${weight} is called layer ${layer}`);
  }
  const fits = (data: Float32Array) => data.length > 0 && data.length % rank === 0;
  if (!(rank > 0) || !fits(u) || !fits(v)) {
    throw new Error(
      `${what} is damaged: ${weight} has rank ${rank} with ${u.length} and ${v.length} numbers`,
    );
  }
  for (const [name, data] of Object.entries({ u, v })) {
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new Error(`${what} is damaged: ${weight}.${name} holds ${data[bad]} at ${bad}`);
    }
  }
}

function checkFormat({ format, version }: Record<string, string>, what: string): void {
  if (format !== FORMAT) {
    throw new Error(
      `${what} is a safetensors file but not a Palimpsest delta (its metadata lacks "format": "${FORMAT}")`,
    );
  }
  if (version !== String(VERSION)) {
    throw new Error(`${what}: got version ${version}, expected ${VERSION}; update Palimpsest`);
  }
}

function parseMetadata<T>(metadata: Record<string, string>, key: string, what: string): T {
  try {
    const value = JSON.parse(metadata[key]) as T;
    if (value !== null && typeof value === "object") return value;
  } catch {
    // Said below, for a missing entry as for a broken one.
  }
  throw new Error(`${what} is damaged: "${key}" in its metadata is not JSON`);
}

function factor(
  bytes: Uint8Array,
  { tensors }: SafetensorsHeader,
  { name, what }: { name: string; what: string },
): { data: Float32Array; rank: number } {
  const info = tensors.get(name);
  if (!info) throw new Error(`${what} is damaged: tensor ${name} is missing`);
  if (info.shape.length !== 2) {
    throw new Error(
      `${what} is damaged: tensor ${name} has shape [${info.shape.join(", ")}], expected [rank, size]`,
    );
  }
  return { data: toFloat32(bytes.slice(info.begin, info.end), info.dtype), rank: info.shape[0] };
}
