import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";
import { crc32 } from "./crc32.ts";
import { Inflater } from "./inflate.ts";
import { type NpyArray, readNpy } from "./npy.ts";
import { type NpyHeader, npyHeaderLength, readNpyHeader } from "./npyHeader.ts";
import {
  checkExpansion,
  checkMethod,
  dataBegin,
  directoryPlace,
  localLength,
  readDirectory,
  TAIL,
  type ZipMember,
} from "./zipDirectory.ts";

/** Bytes that are read by ranges, wherever they lie. */
export interface ByteSource {
  readonly size: number;
  /** The bytes [begin, end). */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** The bytes of a file or a Blob. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
  };
}

/** The largest single read, and the most rows that are held at once, in bytes. */
const CHUNK = 2 ** 20;
/** Members that are read whole are scalars and names. */
const SMALL = 2 ** 16;

/**
 * A NumPy `.npz` archive, stored or deflated, of which nothing is held but the directory and a megabyte or so of what
 * is read. Pickled objects are refused.
 */
export class NpzStream {
  /** How messages call the file. */
  readonly what: string;
  readonly #source: ByteSource;
  readonly #members: ReadonlyMap<string, ZipMember>;

  /**
   * Reads the directory.
   *
   * @param what how messages call the file
   * @throws one sentence when it is no zip archive, is cut short or damaged
   */
  static async open(source: ByteSource, what = "the .npz file"): Promise<NpzStream> {
    const { size } = source;
    const ends = {
      head: await source.read(0, Math.min(4, size)),
      tail: await source.read(Math.max(0, size - TAIL), size),
    };
    const file = shown(what, 80);
    const place = directoryPlace({ ...ends, size }, file);
    const members = readDirectory(await source.read(place.at, place.end), place, file);
    return new NpzStream(source, file, members);
  }

  private constructor(source: ByteSource, what: string, members: ZipMember[]) {
    this.#source = source;
    this.what = what;
    const named = members.map((member) => [member.name.replace(/\.npy$/, ""), member] as const);
    this.#members = new Map(named);
  }

  /** The arrays' names, without ".npy". */
  get names(): string[] {
    return [...this.#members.keys()];
  }

  /** A small array, whole. Throws when it is missing, larger than 64 KB, or damaged. */
  async small(name: string): Promise<NpyArray> {
    const member = this.#member(name);
    if (member.size > SMALL) {
      throw new Error(`${this.label(name)} has ${member.size} bytes; a number is expected`);
    }
    const bytes = new ChunkReader(this.#chunks(member), this.label(name));
    const contents = await bytes.take(member.size);
    await bytes.end();
    return readNpy(contents, this.label(name));
  }

  /** An array as sentences call it, with its file. */
  label(name: string): string {
    return `"${shown(name)}" in ${this.what}`;
  }

  /**
   * An array [rows, columns] of float32 or float64, some rows at a time.
   *
   * @param check may throw when it does not like the header, before anything else is read
   * @param take is given the first row's number and whole rows, which it may keep
   */
  async rows(
    name: string,
    check: (header: NpyHeader) => void,
    take: (first: number, rows: Float32Array | Float64Array) => void | Promise<void>,
  ): Promise<void> {
    const { header, bytes } = await this.#begun(name, (header) => {
      check(header);
      this.#checkMatrix(header, name);
    });
    const { shape, dtype, width } = header;
    const [count, columns] = shape;
    const some = Math.max(1, Math.floor(CHUNK / (columns * width)));
    for (let first = 0; first < count && columns > 0; first += some) {
      const size = Math.min(some, count - first) * columns * width;
      const { buffer } = await bytes.take(size);
      await take(first, dtype === "f4" ? new Float32Array(buffer) : new Float64Array(buffer));
    }
    await bytes.end();
  }

  /**
   * A list of float32 or of 16-bit whole numbers, some at a time.
   *
   * @param check may throw when it does not like the header, before anything else is read
   * @param take is given some numbers, which it may keep
   */
  async list(
    name: string,
    check: (header: NpyHeader) => void,
    take: (numbers: Float32Array | Int16Array) => void,
  ): Promise<void> {
    const { header, bytes } = await this.#begun(name, (header) => {
      check(header);
      const { shape, dtype } = header;
      if (shape.length === 1 && (dtype === "f4" || dtype === "i2")) return;
      throw this.#unexpected(name, header, "a list of float32 or int16");
    });
    const { count, dtype, width } = header;
    const some = CHUNK / width;
    for (let first = 0; first < count; first += some) {
      const { buffer } = await bytes.take(Math.min(some, count - first) * width);
      take(dtype === "f4" ? new Float32Array(buffer) : new Int16Array(buffer));
    }
    await bytes.end();
  }

  /** An array's header, and the reader of what follows it. */
  async #begun(name: string, check: (header: NpyHeader) => void) {
    const member = this.#member(name);
    const label = this.label(name);
    const bytes = new ChunkReader(this.#chunks(member), label);
    const start = await bytes.take(12);
    const rest = await bytes.take(npyHeaderLength(start, label) - start.length);
    const header = readNpyHeader(joined(start, rest), label);
    const needed = header.begin + header.count * header.width;
    if (!(needed <= member.size)) {
      throw new Error(`${label} is cut short: it needs ${needed} bytes and has ${member.size}`);
    }
    // Last: who likes the header makes room for what it says.
    check(header);
    return { header, bytes };
  }

  #checkMatrix(header: NpyHeader, name: string): void {
    const { shape, dtype, fortran } = header;
    const floats = dtype === "f4" || dtype === "f8";
    if (shape.length !== 2 || !floats || !(shape[1] <= bounds.columns))
      throw this.#unexpected(name, header, "a matrix of floats");
    if (fortran) throw new Error(`${this.label(name)} is stored by columns; it is read by rows`);
  }

  #unexpected(name: string, { dtype, shape }: NpyHeader, expected: string): Error {
    const found = `${dtype} [${shown(shape.join(", "))}]`;
    return new Error(`${this.label(name)} is ${found}; ${expected} is expected`);
  }

  #member(name: string): ZipMember {
    const member = this.#members.get(name);
    if (member) return member;
    const names = shown(this.names.slice(0, 10).join(", "), 80);
    throw new Error(`${this.what} has no "${name}" (it has ${names}); is it a statistics file?`);
  }

  /** A member's contents, piece by piece; throws at its end when they are not what the directory says. */
  async *#chunks(member: ZipMember): AsyncGenerator<Uint8Array> {
    const what = this.what;
    checkMethod(member, what);
    checkExpansion(member, what);
    let [crc, length] = [0, 0];
    const pieces = member.method === 0 ? this.#packed(member) : this.#inflated(member);
    for await (const piece of pieces) {
      length += piece.length;
      if (length > member.size) break;
      crc = crc32(piece, crc);
      yield piece;
    }
    if (length !== member.size) throw this.#misfit(member);
    if (crc !== member.crc) {
      throw new Error(`${what} is damaged: "${shown(member.name)}" does not match its checksum`);
    }
  }

  async *#packed(member: ZipMember): AsyncGenerator<Uint8Array> {
    const { size } = this.#source;
    const head = Math.min(member.offset + localLength(member), size);
    const local = await this.#source.read(Math.min(member.offset, head), head);
    const begin = dataBegin(local, member, { what: this.what, size });
    const end = begin + member.packed;
    for (let at = begin; at < end; at += CHUNK) {
      const next = Math.min(at + CHUNK, end);
      const piece = await this.#source.read(at, next);
      if (piece.length !== next - at) {
        throw new Error(`${this.what} is cut short: it ends at ${at + piece.length}`);
      }
      yield piece;
    }
  }

  async *#inflated(member: ZipMember): AsyncGenerator<Uint8Array> {
    const inflater = new Inflater(member.size, () => this.#misfit(member));
    for await (const chunk of this.#packed(member)) yield* inflater.push(chunk);
  }

  #misfit({ name, size }: ZipMember): Error {
    const problem = `"${shown(name)}" does not unpack to its ${size} bytes`;
    return new Error(`${this.what} is damaged: ${problem}`);
  }
}

/** Exactly as many bytes as are asked for, out of pieces of any size. */
class ChunkReader {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  readonly #label: string;
  #piece = new Uint8Array(0);

  /** @param label what is read, in messages */
  constructor(chunks: AsyncGenerator<Uint8Array>, label: string) {
    this.#label = label;
    this.#chunks = chunks;
  }

  /** The next `count` bytes, in a buffer of their own. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#piece.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) {
          throw new Error(`${this.#label} is cut short: it has ${count - filled} bytes too few`);
        }
        this.#piece = next.value as Uint8Array<ArrayBuffer>;
      }
      const taken = this.#piece.subarray(0, count - filled);
      result.set(taken, filled);
      filled += taken.length;
      this.#piece = this.#piece.subarray(taken.length);
    }
    return result;
  }

  /** Reads to the end, so that the checksum is checked. */
  async end(): Promise<void> {
    this.#piece = new Uint8Array(0);
    while (!(await this.#chunks.next()).done);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
