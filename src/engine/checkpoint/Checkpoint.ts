import { shown } from "../../data/outside/shown.ts";
import { toFloat32, type TensorInfo } from "../../data/weights/safetensors.ts";
import type { Architecture } from "../architecture/Architecture.ts";
import { fullName, isStoredInOut } from "../architecture/weightNames.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";
import { BLOCK, dequantizeRows, type QuantizedRows } from "./quantize.ts";
import { Samples } from "./stamp.ts";
import { openWeightFiles, type StoredTensor, type WeightFiles } from "./weightFiles.ts";
import { transpose } from "./transpose.ts";

const NUMBERS = ["F32", "F16", "BF16", "F64"];

/** How a tensor is stored: as numbers, or as blocks of 8 or 4 bits with scales. */
export type TensorForm = "float" | "q8" | "q4";

interface Entry {
  form: TensorForm;
  /** Type of what is stored; the shape is that of the Hugging Face checkpoint. */
  info: TensorInfo;
  stored: StoredTensor;
  scale?: StoredTensor;
}

/**
 * The weights of a model: one model.safetensors or the shards of model.safetensors.index.json, else pytorch_model.bin
 * and its shards; with or without the prefix of the architecture. Tensors are read when asked for and converted to float32,
 * also those that are stored as `name.q4` or `name.q8` with `name.scale`.
 */
export class Checkpoint {
  /** What was read so far, for the model's stamp. */
  readonly samples = new Samples();
  readonly #files: ModelFiles;
  readonly #architecture: Architecture;
  readonly #whole: ReadonlyMap<string, Uint8Array>;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #names = new Map<StoredTensor, string>();

  private constructor(files: ModelFiles, architecture: Architecture, found: WeightFiles) {
    this.#files = files;
    this.#architecture = architecture;
    this.#whole = found.whole;
    this.#entries = entriesOf(found, architecture);
    for (const [name, { stored, scale }] of this.#entries) {
      this.#names.set(stored, name);
      if (scale) this.#names.set(scale, `${name}.scale`);
    }
  }

  /**
   * Reads the headers, and small files whole.
   *
   * @param architecture by which the tensors have their names, and quantized ones their orientation
   * @throws one sentence: no weights there, a shard that is missing, damaged, truncated or refused
   */
  static async open(files: ModelFiles, architecture: Architecture): Promise<Checkpoint> {
    return new Checkpoint(files, architecture, await openWeightFiles(files));
  }

  /** Every tensor's Hugging Face name, with the architecture's prefix. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** @param name with or without the prefix */
  has(name: string): boolean {
    return this.#entries.has(fullName(this.#architecture, name));
  }

  /** Type and place of what is stored (of the integers, where it is quantized); the shape is Hugging Face's. */
  info(name: string): TensorInfo {
    return this.#entry(name).info;
  }

  /** How the tensor is stored. */
  form(name: string): TensorForm {
    return this.#entry(name).form;
  }

  /** The file a tensor lies in and where it begins there: read in this order, no file is jumped about in. */
  place(name: string): { file: string; begin: number } {
    const { file, info } = this.#entry(name).stored;
    return { file, begin: info.begin };
  }

  /**
   * Reads one tensor as float32, row-major in Hugging Face's shape.
   *
   * @throws when there is none of that name, its file is truncated, or it holds no floating-point numbers
   */
  async tensor(name: string): Promise<Float32Array> {
    const { form, info } = this.#entry(name);
    if (form !== "float") return this.#dequantized(name);
    return toFloat32(await this.#bytes(this.#numbers(name)), info.dtype);
  }

  /**
   * Rows [begin, end) of the first axis of Hugging Face's shape, as float32, by one ranged read (two where they are
   * quantized; a quantized matrix [inputs, outputs] is stored by columns, and read whole).
   *
   * @throws as {@link tensor}, and for rows that are not there
   */
  async rows(name: string, begin: number, end: number): Promise<Float32Array> {
    const { form, info, stored, scale } = this.#entry(name);
    const [count, ...rest] = info.shape;
    if (!(begin >= 0 && begin <= end && end <= count)) {
      throw new Error(`invalid rows: ${begin}–${end} of ${name} (it has ${count})`);
    }
    if (form === "float") {
      const bytes = await this.#bytes(this.#numbers(name), rowRange(stored, [begin, end]));
      return toFloat32(bytes, info.dtype);
    }
    if (isStoredInOut(this.#architecture, name)) {
      return (await this.#dequantized(name)).slice(begin * rest[0], end * rest[0]);
    }
    const rows = await this.#quantized({ stored, scale: scale! }, [begin, end]);
    return dequantizeRows(rows, [end - begin, rest[0]], bitsOf(form));
  }

  /**
   * The bytes of a tensor as they are stored; its type is in {@link info}. Only for one that is not quantized.
   *
   * @throws as {@link tensor}
   */
  async raw(name: string): Promise<Uint8Array> {
    return this.#bytes(this.#numbers(name));
  }

  /**
   * A quantized matrix as it is stored, rows by output, see quantizeRows.
   *
   * @throws when it is stored as numbers, or its file is truncated
   */
  async quantized(name: string): Promise<QuantizedRows> {
    const { stored, scale } = this.#entry(name);
    if (!scale) throw new Error(`tensor ${name} is not quantized`);
    return this.#quantized({ stored, scale });
  }

  async #quantized(
    { stored, scale }: { stored: StoredTensor; scale: StoredTensor },
    rows?: [begin: number, end: number],
  ): Promise<QuantizedRows> {
    const q = await this.#bytes(stored, rows && rowRange(stored, rows));
    const scales = await this.#bytes(scale, rows && rowRange(scale, rows));
    return { q, scale: toFloat32(scales, scale.info.dtype) };
  }

  async #dequantized(name: string): Promise<Float32Array> {
    const { form, info } = this.#entry(name);
    const [first, second] = info.shape;
    const rows = await this.quantized(name);
    if (!isStoredInOut(this.#architecture, name)) {
      return dequantizeRows(rows, [first, second], bitsOf(form));
    }
    return transpose(dequantizeRows(rows, [second, first], bitsOf(form)), [second, first]);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(fullName(this.#architecture, name));
    if (!entry)
      throw new Error(`the checkpoint of ${this.#files.name} has no tensor ${shown(name)}`);
    return entry;
  }

  #numbers(name: string): StoredTensor {
    const { form, info, stored } = this.#entry(name);
    if (form !== "float")
      throw new Error(`tensor ${shown(name)} is stored in ${bitsOf(form)} bits`);
    if (NUMBERS.includes(info.dtype)) return stored;
    const where = `tensor ${shown(name)} in ${shown(stored.file, 80)}`;
    throw new Error(`${where} has type ${info.dtype}, expected ${NUMBERS.join(", ")}`);
  }

  /** A tensor's bytes, or the range of them, in a buffer of their own. */
  async #bytes(tensor: StoredTensor, range?: [begin: number, end: number]): Promise<Uint8Array> {
    const { file, info, locate } = tensor;
    const length = info.end - info.begin;
    const [first, last] = range ?? [0, length];
    if (first === last) return new Uint8Array();
    const start = locate ? await locate() : info.begin;
    const [begin, end] = [start + first, start + last];
    // A copy of what is kept: what is made of it must not share the file's buffer.
    const bytes =
      this.#whole.get(file)?.slice(begin, end) ?? (await this.#files.read(file, [begin, end]));
    const name = this.#names.get(tensor)!;
    if (bytes.length === end - begin) {
      this.samples.pass(name, info, { bytes, begin: first });
      return bytes;
    }
    throw new Error(
      `${shown(file, 80)} is truncated: tensor ${shown(name)} needs bytes ${begin}–${end}, the file has ${begin + bytes.length}`,
    );
  }
}

const bitsOf = (form: TensorForm) => (form === "q4" ? 4 : 8);

/** Of rows of a tensor's first axis, the bytes from its beginning. */
function rowRange({ info }: StoredTensor, [begin, end]: [number, number]): [number, number] {
  const row = info.shape[0] === 0 ? 0 : (info.end - info.begin) / info.shape[0];
  return [begin * row, end * row];
}

/** Tensors by their full names, a quantized one and its scales as one. */
function entriesOf(
  { tensors, metadata }: WeightFiles,
  architecture: Architecture,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [name, stored] of tensors) {
    if (architecture.buffers.names.test(name) || /\.scale$/.test(name)) continue;
    const [, base, form] = /^(.*)\.(q[48])$/.exec(name) ?? [];
    if (base === undefined) {
      entries.set(fullName(architecture, name), { form: "float", info: stored.info, stored });
      continue;
    }
    const scale = tensors.get(`${base}.scale`);
    const inOut = isStoredInOut(architecture, base);
    const shape = quantizedShape(name, { stored, scale, known: metadata[base], inOut });
    entries.set(fullName(architecture, base), {
      form: form as TensorForm,
      info: { ...stored.info, shape },
      stored,
      scale: scale!,
    });
  }
  return entries;
}

/**
 * Hugging Face's shape of a quantized matrix.
 *
 * @param parts.known as the file's metadata has it: `[20,60]`; without it the input is taken to fill all blocks
 */
function quantizedShape(
  name: string,
  parts: {
    stored: StoredTensor;
    scale: StoredTensor | undefined;
    known: string | undefined;
    inOut: boolean;
  },
): number[] {
  const { inOut } = parts;
  const { file, info } = parts.stored;
  const [rows, blocks, width] = info.shape;
  const wide = name.endsWith(".q4") ? BLOCK / 2 : BLOCK;
  const scales = parts.scale?.info.shape.join();
  const numbers = NUMBERS.includes(parts.scale?.info.dtype ?? "");
  if (info.dtype !== "U8" || width !== wide || scales !== `${rows},${blocks}` || !numbers) {
    throw new Error(
      `${shown(file, 80)} is damaged: ${shown(name)} ${info.dtype} [${shown(info.shape.join(", "), 40)}] does not fit its scales [${shown(scales ?? "missing", 40)}]`,
    );
  }
  const shape = /^\[(\d+),(\d+)\]$/
    .exec(parts.known ?? "")
    ?.slice(1)
    .map(Number);
  const [out, inputs] = shape ? (inOut ? [shape[1], shape[0]] : shape) : [rows, blocks * BLOCK];
  if (out !== rows || Math.ceil(inputs / BLOCK) !== blocks) {
    throw new Error(
      `${shown(file, 80)} is damaged: ${shown(name)} [${shown(info.shape.join(", "), 40)}] does not fit its shape ${shown(parts.known, 40)}`,
    );
  }
  return inOut ? [inputs, out] : [out, inputs];
}
