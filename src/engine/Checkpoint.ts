import {
  headerLength,
  parseHeader,
  toFloat32,
  type SafetensorsHeader,
  type TensorInfo,
} from "../data/safetensors.ts";
import type { ModelFiles } from "./ModelFiles.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
// Below this a file is read once; above it, tensor by tensor.
const SMALL = 64 * 2 ** 20;
// Enough for the header of every GPT-2; a longer one costs a second request.
const FIRST_READ = 2 ** 18;
const NUMBERS = ["F32", "F16", "BF16", "F64"];

interface Entry {
  file: string;
  info: TensorInfo;
}

/**
 * The weights of a model: one model.safetensors or the shards of model.safetensors.index.json, with or without the
 * `transformer.` prefix. Tensors are read when asked for and converted to float32.
 */
export class Checkpoint {
  readonly #files: ModelFiles;
  readonly #entries: Map<string, Entry>;
  readonly #small: Map<string, Uint8Array>;

  private constructor(
    files: ModelFiles,
    entries: Map<string, Entry>,
    small: Map<string, Uint8Array>,
  ) {
    this.#files = files;
    this.#entries = entries;
    this.#small = small;
  }

  /**
   * Reads the headers, and small files whole.
   *
   * @throws one sentence: no safetensors there, a shard that is missing, a file that is damaged or truncated
   */
  static async open(files: ModelFiles): Promise<Checkpoint> {
    const shards = await shardNames(files);
    const small = new Map<string, Uint8Array>();
    const entries = new Map<string, Entry>();
    const headers = await Promise.all(
      shards.files.map(async (file) => ({ file, header: await readHeader(files, file, small) })),
    );
    for (const { file, header } of headers) {
      for (const [name, info] of header.tensors) entries.set(fullName(name), { file, info });
    }
    for (const [name, file] of Object.entries(shards.weights)) {
      if (entries.get(fullName(name))?.file !== file) {
        throw new Error(`${INDEX} is wrong: tensor ${name} is not in ${file}`);
      }
    }
    return new Checkpoint(files, entries, small);
  }

  /** Every tensor's Hugging Face name, with the `transformer.` prefix. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** @param name with or without `transformer.` */
  has(name: string): boolean {
    return this.#entries.has(fullName(name));
  }

  /** Type, stored shape and byte offsets in the tensor's file. */
  info(name: string): TensorInfo {
    return this.#entry(name).info;
  }

  /**
   * Reads one tensor as float32, row-major in its stored shape.
   *
   * @throws when there is none of that name, its file is truncated, or it holds no floating-point numbers
   */
  async tensor(name: string): Promise<Float32Array> {
    const { file, info } = this.#entry(name);
    checkDtype(name, info);
    const bytes = await this.#bytes(file, info);
    if (bytes.length !== info.end - info.begin) {
      throw new Error(
        `${file} is truncated: tensor ${name} needs bytes ${info.begin}–${info.end}, the file has ${info.begin + bytes.length}`,
      );
    }
    return toFloat32(bytes, info.dtype);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(fullName(name));
    if (!entry) throw new Error(`the checkpoint of ${this.#files.name} has no tensor ${name}`);
    return entry;
  }

  async #bytes(file: string, { begin, end }: TensorInfo): Promise<Uint8Array> {
    const whole = this.#small.get(file);
    // A copy: what is made of it must not share the file's buffer.
    if (whole) return whole.slice(begin, end);
    return begin === end ? new Uint8Array() : this.#files.read(file, [begin, end]);
  }
}

/** Files of the bare GPT2Model have no prefix, those of save_pretrained do; the head never has one. */
function fullName(name: string): string {
  return /^(wte|wpe|h|ln_f)\./.test(name) ? `transformer.${name}` : name;
}

function checkDtype(name: string, { dtype }: TensorInfo): void {
  if (!NUMBERS.includes(dtype)) {
    throw new Error(`tensor ${name} has type ${dtype}, expected ${NUMBERS.join(", ")}`);
  }
}

async function shardNames(
  files: ModelFiles,
): Promise<{ files: string[]; weights: Record<string, string> }> {
  if (await files.has(SINGLE)) return { files: [SINGLE], weights: {} };
  if (await files.has(INDEX)) {
    const weights = weightMap(new TextDecoder().decode(await files.read(INDEX)));
    return { files: [...new Set(Object.values(weights))], weights };
  }
  const pickled = await files.has("pytorch_model.bin");
  throw new Error(
    pickled
      ? `${files.name} has only pytorch_model.bin, which runs code when it is read; save it with save_pretrained(…, safe_serialization=True)`
      : `${files.name} has neither ${SINGLE} nor ${INDEX}; a model folder needs one of them`,
  );
}

function weightMap(json: string): Record<string, string> {
  try {
    const { weight_map: map } = JSON.parse(json) as { weight_map?: unknown };
    if (
      typeof map === "object" &&
      map !== null &&
      Object.values(map).every((f) => typeof f === "string")
    ) {
      return map as Record<string, string>;
    }
  } catch {
    // Said below.
  }
  throw new Error(`${INDEX} is damaged: it has no "weight_map"`);
}

async function readHeader(
  files: ModelFiles,
  file: string,
  small: Map<string, Uint8Array>,
): Promise<SafetensorsHeader> {
  const size = await files.size(file);
  if (size !== undefined && size < SMALL) {
    const bytes = await files.read(file);
    small.set(file, bytes);
    return parseHeader(bytes, bytes.length, file);
  }
  let bytes = await files.read(file, [0, FIRST_READ]);
  const needed = 8 + headerLength(bytes, file);
  if (needed > bytes.length) bytes = await files.read(file, [0, needed]);
  return parseHeader(bytes, size, file);
}
