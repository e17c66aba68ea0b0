import * as v from "valibot";
import { checkChange } from "./checkDelta.ts";
import { combine } from "./combine.ts";
import { type Change, type Delta, isLowRank, shapeOf, type WeightDelta } from "./delta.ts";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, name, number, object, whole } from "../outside/kinds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
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

const named = {
  weight: v.pipe(name, v.nonEmpty("a name of a weight")),
  norm: v.optional(v.nullable(number)),
};
const firstEntry = object(named);
const entry = object({
  ...named,
  /** Factors `<weight>.u` and `<weight>.v`, or `<weight>.delta`. */
  kind: v.picklist(["low-rank", "dense"], "low-rank or dense"),
  /** Of ΔW; absent in the first version. */
  shape: v.optional(list(whole(1), 2)),
});

/** What the metadata says of a weight. */
type Entry = v.InferOutput<typeof entry>;

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
    const shape = [...shapeOf(change)];
    if (!isLowRank(change)) {
      tensors[`${weight}.delta`] = { shape, data: change.dense };
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
    throw new Error(`${shown(what)} is damaged: it names no ${first ? "layers" : "weights"}`);
  }
  const about = `the ${first ? "layers" : "weights"} in ${what}`;
  const entries: readonly Entry[] = first
    ? checkShape(value, list(firstEntry, bounds.tensors), about).map((entry) => ({
        ...entry,
        kind: "low-rank",
      }))
    : checkShape(value, list(entry, bounds.tensors), about);
  const names = new Set<string>();
  for (const { weight } of entries) {
    if (names.has(weight)) {
      throw new Error(`${shown(what)} is damaged: it names ${shown(weight)} twice`);
    }
    names.add(weight);
  }
  return entries;
}

function readEntry({ weight, kind, shape, norm }: Entry, tensors: Tensors, what: string) {
  const change = kind === "dense" ? tensors.dense(weight) : tensors.factors(weight);
  const entry: WeightDelta = { weight, change };
  checkChange(entry, what);
  const found = shapeOf(change).join(", ");
  const said = shape?.join(", ");
  if (said !== undefined && said !== found) {
    throw new Error(
      `${shown(what)} is damaged: ${shown(weight)} is [${shown(found)}], but its metadata says [${shown(said)}]`,
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
        `${shown(this.#what)} is damaged: ${shown(weight)} has u of rank ${u.rank} and v of rank ${v.rank}`,
      );
    }
    return { rank: u.rank, u: u.data, v: v.data };
  }

  /** @throws where the file has a tensor that no weight is made of */
  checkAllRead(): void {
    const left = [...this.#header.tensors.keys()].find((name) => !this.#read.has(name));
    if (left === undefined) return;
    throw new Error(
      `${shown(this.#what)} is damaged: it holds tensor ${shown(left)}, which no weight names`,
    );
  }

  #factor(name: string): { data: Float32Array; rank: number } {
    const { data, shape } = this.#tensor(name);
    if (shape.length === 2) return { data, rank: shape[0] };
    throw new Error(
      `${shown(this.#what)} is damaged: tensor ${shown(name)} has shape [${shown(shape.join(", "))}], expected [rank, size]`,
    );
  }

  #tensor(name: string): { data: Float32Array; shape: number[] } {
    const info = this.#header.tensors.get(name);
    if (!info) throw new Error(`${shown(this.#what)} is damaged: tensor ${shown(name)} is missing`);
    this.#read.add(name);
    const { begin, end, dtype, shape } = info;
    return { data: toFloat32(this.#bytes.slice(begin, end), dtype), shape };
  }
}

function checkFormat({ format, version }: Record<string, string>, what: string): string {
  if (format !== FORMAT) {
    throw new Error(
      `${shown(what)} is a safetensors file but not a Palimpsest delta (its metadata lacks "format": "${FORMAT}")`,
    );
  }
  if (version === VERSION || version === FIRST) return version;
  throw new Error(
    `${shown(what)}: got version ${shown(version)}, expected ${FIRST} or ${VERSION}; update Palimpsest`,
  );
}

function parseMetadata(metadata: Record<string, string>, key: string, what: string): unknown {
  if (!Object.hasOwn(metadata, key)) {
    throw new Error(`${shown(what)} is damaged: its metadata lacks "${key}"`);
  }
  return parseJson(metadata[key], `the ${key} in ${what}`);
}
