import { checkChange } from "./checkDelta.ts";
import { combine } from "./combine.ts";
import { type Change, type Delta, isLowRank, shapeOf, type WeightDelta } from "./delta.ts";
import { checkProvenance } from "./provenance.ts";
import {
  parseHeader,
  type SafetensorsHeader,
  toFloat32,
  writeSafetensors,
} from "../weights/safetensors.ts";

const FORMAT = "palimpsest.delta";
const VERSION = "2";
/** The first version knew factors of MLP output matrices alone, under the same names. */
const FIRST = "1";

/** What the metadata says of a weight. */
interface Entry {
  weight: string;
  /** Factors `<weight>.u` and `<weight>.v`, or `<weight>.delta`. */
  kind: "low-rank" | "dense";
  /** Of ΔW; absent in the first version. */
  shape?: readonly number[] | undefined;
  norm?: number | undefined;
}

/**
 * Writes a delta as safetensors. Per weight either `<weight>.u` [rank, inputs] and `<weight>.v` [rank, outputs], or
 * `<weight>.delta` in the shape of ΔW; matrices are [inputs, outputs] whatever the checkpoint stores. The metadata holds
 * the provenance, and kind, shape and ‖ΔW‖/‖W‖ of each weight. Entries for the same weight become one.
 *
 * @throws one sentence when a change's numbers do not fill its shape, or one is not finite
 */
export function writeDelta(delta: Delta): Uint8Array {
  const weights = combine(delta.weights);
  const tensors: Parameters<typeof writeSafetensors>[0] = {};
  const entries = weights.map((entry): Entry & { rank?: number } => {
    checkChange(entry, "the delta");
    const { weight, change, norm } = entry;
    const shape = shapeOf(change);
    if (!isLowRank(change)) {
      tensors[`${weight}.delta`] = { shape: [...shape], data: change.dense };
      return { weight, kind: "dense", shape, norm };
    }
    const { rank, u, v } = change;
    tensors[`${weight}.u`] = { shape: [rank, shape[0]], data: u };
    tensors[`${weight}.v`] = { shape: [rank, shape[1]], data: v };
    return { weight, kind: "low-rank", shape, rank, norm };
  });
  return writeSafetensors(tensors, {
    format: FORMAT,
    version: VERSION,
    orientation: "inputs, outputs",
    provenance: JSON.stringify({ ...delta.provenance, format: FORMAT, version: 1 }),
    weights: JSON.stringify(entries),
  });
}

/**
 * Reads a delta that {@link writeDelta} wrote, in this version or the first.
 *
 * @param what names the file in messages
 * @throws one sentence that says what is wrong: not safetensors, not a delta, another version, a weight that is named
 *   twice, a tensor that is missing, misshapen, not named, or holds a number that is not finite
 */
export function readDelta(bytes: Uint8Array, what = "the delta file"): Delta {
  const header = parseHeader(bytes, bytes.length, what);
  const first = checkFormat(header.metadata, what) === FIRST;
  const provenance = checkProvenance(parseMetadata(header.metadata, "provenance", what), what);
  const entries = entriesOf(parseMetadata(header.metadata, first ? "layers" : "weights", what), {
    first,
    what,
  });
  const tensors = new Tensors(bytes, header, what);
  const weights = entries.map((entry) => readEntry(entry, tensors, what));
  tensors.checkAllRead();
  return { provenance, weights };
}

function entriesOf(
  value: unknown,
  { first, what }: { first: boolean; what: string },
): readonly Entry[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new Error(`${what} is damaged: it names no ${first ? "layers" : "weights"}`);
  }
  const names = new Set<string>();
  for (const entry of value as unknown[]) {
    const { weight, kind } = (entry ?? {}) as Partial<Entry>;
    if (typeof weight !== "string") {
      throw new Error(`${what} is damaged: an entry of its metadata names no weight`);
    }
    if (names.has(weight)) throw new Error(`${what} is damaged: it names ${weight} twice`);
    names.add(weight);
    if (!first && kind !== "low-rank" && kind !== "dense") {
      throw new Error(
        `${what} is damaged: ${weight} is ${JSON.stringify(kind)} (low-rank or dense)`,
      );
    }
  }
  const entries = value as Entry[];
  return first ? entries.map((entry) => ({ ...entry, kind: "low-rank" })) : entries;
}

function readEntry({ weight, kind, shape, norm }: Entry, tensors: Tensors, what: string) {
  const change = kind === "dense" ? tensors.dense(weight) : tensors.factors(weight);
  const entry: WeightDelta = { weight, change };
  checkChange(entry, what);
  const found = shapeOf(change).join(", ");
  if (shape !== undefined && [shape].flat().join(", ") !== found) {
    throw new Error(
      `${what} is damaged: ${weight} is [${found}], but its metadata says ${JSON.stringify(shape)}`,
    );
  }
  if (typeof norm === "number") entry.norm = norm;
  return entry;
}

/** The tensors of a file, each read once. */
class Tensors {
  readonly #bytes: Uint8Array;
  readonly #header: SafetensorsHeader;
  readonly #what: string;
  readonly #read = new Set<string>();

  constructor(bytes: Uint8Array, header: SafetensorsHeader, what: string) {
    this.#bytes = bytes;
    this.#header = header;
    this.#what = what;
  }

  dense(weight: string): Change {
    const { data, shape } = this.#tensor(`${weight}.delta`);
    return { shape, dense: data };
  }

  factors(weight: string): Change {
    const [u, v] = [this.#factor(`${weight}.u`), this.#factor(`${weight}.v`)];
    if (u.rank !== v.rank) {
      throw new Error(
        `${this.#what} is damaged: ${weight} has u of rank ${u.rank} and v of rank ${v.rank}`,
      );
    }
    return { rank: u.rank, u: u.data, v: v.data };
  }

  /** @throws where the file has a tensor that no weight is made of */
  checkAllRead(): void {
    const left = [...this.#header.tensors.keys()].find((name) => !this.#read.has(name));
    if (left === undefined) return;
    throw new Error(`${this.#what} is damaged: it holds tensor ${left}, which no weight names`);
  }

  #factor(name: string): { data: Float32Array; rank: number } {
    const { data, shape } = this.#tensor(name);
    if (shape.length === 2) return { data, rank: shape[0] };
    throw new Error(
      `${this.#what} is damaged: tensor ${name} has shape [${shape.join(", ")}], expected [rank, size]`,
    );
  }

  #tensor(name: string): { data: Float32Array; shape: number[] } {
    const info = this.#header.tensors.get(name);
    if (!info) throw new Error(`${this.#what} is damaged: tensor ${name} is missing`);
    this.#read.add(name);
    const { begin, end, dtype, shape } = info;
    return { data: toFloat32(this.#bytes.slice(begin, end), dtype), shape };
  }
}

function checkFormat({ format, version }: Record<string, string>, what: string): string {
  if (format !== FORMAT) {
    throw new Error(
      `${what} is a safetensors file but not a Palimpsest delta (its metadata lacks "format": "${FORMAT}")`,
    );
  }
  if (version === VERSION || version === FIRST) return version;
  throw new Error(
    `${what}: got version ${version}, expected ${FIRST} or ${VERSION}; update Palimpsest`,
  );
}

function parseMetadata(metadata: Record<string, string>, key: string, what: string): unknown {
  try {
    const value: unknown = JSON.parse(metadata[key]);
    if (value !== null && typeof value === "object") return value;
  } catch {
    // Said below, for a missing entry as for a broken one.
  }
  throw new Error(`${what} is damaged: "${key}" in its metadata is not JSON`);
}
