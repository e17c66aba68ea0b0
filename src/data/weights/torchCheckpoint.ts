import type { ByteSource } from "../archive/npzStream.ts";
import { crc32 } from "../archive/crc32.ts";
import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";
import { PickleGlobal, readPickle, type PickleRules } from "./pickle.ts";
import { byteSize, type TensorDtype, type TensorInfo } from "./safetensors.ts";
import {
  checkMethod,
  dataBegin,
  directoryPlace,
  localLength,
  readDirectory,
  TAIL,
  type ZipMember,
} from "../archive/zipDirectory.ts";

/** One tensor of a PyTorch checkpoint. */
export interface TorchTensor {
  /** Its bytes, where the file is laid out as torch.save does it. */
  info: TensorInfo;
  /** Where it really begins, as the header before its storage says. */
  locate: () => Promise<number>;
}

const dtypes = new Map<string, TensorDtype>([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

// The pickle before zip files: a long integer that is torch's magic number comes first.
const LEGACY = [0x80, 0x02, 0x8a, 0x0a];
// The bytes of a storage begin at a multiple of this; the header before it is filled up.
const ALIGNMENT = 64;
const ZIP32 = 0xffffffff;

/**
 * The tensors of a file that torch.save wrote: a state dictionary of names to tensors, as `pytorch_model.bin` is. Of the
 * file only its directory and its pickle are read, by ranges, and nothing in it is run (see readPickle). Tensors may
 * share storages, and each must be contiguous in its own: a transposed or strided view is refused, by name.
 *
 * @param file names it in messages
 * @throws one sentence: another kind of file, one that is cut short or damaged, or what is refused
 */
export async function openTorchCheckpoint(
  source: ByteSource,
  file: string,
): Promise<Map<string, TorchTensor>> {
  const what = shown(file, 80);
  const archive = await Archive.open(source, what);
  const root = readPickle(await archive.bytes("data.pkl"), what, torchRules(what));
  if (!(root instanceof Map)) {
    throw new Error(`${what} is refused: it holds no dictionary of tensors`);
  }
  const tensors = new Map<string, TorchTensor>();
  for (const [name, view] of root as Map<unknown, unknown>) {
    if (typeof name !== "string" || !(view instanceof View)) continue;
    tensors.set(name, torchTensor(archive, name, view));
  }
  if (tensors.size > 0) return tensors;
  throw new Error(`${what} is refused: it holds no tensors by name; save model.state_dict()`);
}

interface Storage {
  dtype: TensorDtype;
  key: string;
  length: number;
}

/** A part of a storage. */
class View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: number[];
  readonly stride: number[];

  constructor(parts: Pick<View, "storage" | "offset" | "shape" | "stride">) {
    this.storage = parts.storage;
    this.offset = parts.offset;
    this.shape = parts.shape;
    this.stride = parts.stride;
  }
}

/** The three functions and ten storage types that a state dictionary names. */
function torchRules(what: string): PickleRules {
  const known = new WeakSet<object>();
  const malformed = (part: string) => new Error(`${what} is damaged: a ${part} is malformed`);
  const storage = (id: unknown): Storage => {
    const [kind, type, key, , length] = Array.isArray(id) ? (id as unknown[]) : [];
    const dtype = type instanceof PickleGlobal ? dtypes.get(type.name) : undefined;
    if (kind !== "storage" || !dtype || typeof key !== "string" || !isWhole(length)) {
      throw malformed("storage");
    }
    const made = { dtype, key, length };
    known.add(made);
    return made;
  };
  const view = (args: unknown[]): View => {
    const [storage, offset, shape, stride, gradient, hooks] = args;
    const called = [6, 7].includes(args.length) && typeof gradient === "boolean" && isHooks(hooks);
    const right = called && isObject(storage) && known.has(storage) && isWhole(offset);
    if (!right || !isShape(shape) || !isShape(stride) || shape.length !== stride.length) {
      throw malformed("tensor");
    }
    return new View({ storage: storage as Storage, offset, shape, stride });
  };
  const parameter = ([data, gradient, hooks, ...rest]: unknown[]): View => {
    const called = typeof gradient === "boolean" && isHooks(hooks) && rest.length === 0;
    if (called && data instanceof View) return data;
    throw malformed("parameter");
  };
  const dictionary = (args: unknown[]) => {
    if (args.length === 0) return new Map<unknown, unknown>();
    throw malformed("dictionary");
  };
  return {
    persistent: storage,
    globals: new Map<string, ((args: unknown[]) => unknown) | undefined>([
      ["torch._utils._rebuild_tensor_v2", view],
      ["torch._utils._rebuild_parameter", parameter],
      ["collections.OrderedDict", dictionary],
      ...[...dtypes.keys()].map((name) => [name, undefined] as const),
    ]),
  };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
/** What is to be called with gradients: nothing, in what is saved. */
const isHooks = (value: unknown) => value instanceof Map || value === null;
const isWhole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
// The lengths first: one list can stand in any number of places.
const isShape = (list: unknown): list is number[] =>
  Array.isArray(list) && list.length <= bounds.tensorAxes && list.every(isWhole);

function torchTensor(archive: Archive, name: string, view: View): TorchTensor {
  const { storage, offset, shape } = view;
  const member = archive.member(`data/${storage.key}`);
  const width = byteSize[storage.dtype];
  const count = shape.reduce((product, size) => product * size, 1);
  if (!isContiguous(view)) {
    throw new Error(
      `${archive.what} is refused: tensor ${shown(name)} [${shown(shape.join(", "), 40)}] is a view with strides [${shown(view.stride.join(", "), 40)}]; save it after .contiguous()`,
    );
  }
  if (offset + count > storage.length || storage.length * width > member.size) {
    throw new Error(
      `${archive.what} is damaged: tensor ${shown(name)} needs numbers ${offset}–${offset + count}, its storage has ${Math.min(storage.length, Math.floor(member.size / width))}`,
    );
  }
  const first = offset * width;
  const begin = expectedBegin(member) + first;
  return {
    info: { dtype: storage.dtype, shape, begin, end: begin + count * width },
    locate: async () => (await archive.begin(member)) + first,
  };
}

/** Row-major without gaps; the stride of an axis of one element says nothing. */
function isContiguous({ shape, stride }: View): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** Where torch's writer lets the bytes of a member begin (getPadding of its inline_container.cc). */
function expectedBegin({ name, offset, size }: ZipMember): number {
  const zip64 = [size, size, offset].filter((field) => field >= ZIP32).length;
  const wide = size >= ZIP32 || offset >= ZIP32 ? 4 + 8 * zip64 : 0;
  const header = offset + 30 + new TextEncoder().encode(name).length + wide + 4;
  return Math.ceil(header / ALIGNMENT) * ALIGNMENT;
}

/** The zip file of a checkpoint, whose members are stored as they are. */
class Archive {
  readonly what: string;
  readonly #source: ByteSource;
  readonly #members: ReadonlyMap<string, ZipMember>;
  readonly #begins = new Map<ZipMember, Promise<number>>();

  private constructor(source: ByteSource, what: string, members: ZipMember[]) {
    this.what = what;
    this.#source = source;
    // All lie in one folder, which has the name of the file that was written.
    const root = /^([^/]+\/)data\.pkl$/;
    const folder = members.map(({ name }) => root.exec(name)?.[1]).find(Boolean);
    if (folder === undefined) {
      throw new Error(`${what} is not a PyTorch checkpoint: its archive has no data.pkl`);
    }
    for (const member of members) checkWritten(member, { folder, what });
    this.#members = new Map(members.map((member) => [member.name.slice(folder.length), member]));
  }

  static async open(source: ByteSource, what: string): Promise<Archive> {
    const { size } = source;
    const head = await source.read(0, Math.min(4, size));
    if (LEGACY.every((byte, i) => head[i] === byte)) {
      throw new Error(
        `${what} has the format of PyTorch before 1.6, which cannot be read by ranges; load it in PyTorch and save it with save_pretrained(…, safe_serialization=True)`,
      );
    }
    const tail = await source.read(Math.max(0, size - TAIL), size);
    const place = directoryPlace({ head, tail, size }, what);
    const members = readDirectory(await source.read(place.at, place.end), place, what);
    const archive = new Archive(source, what, members);
    await archive.#checkText("version", /^\d+\s*$/, "a version");
    // Older than PyTorch 2.1 means little without saying so.
    if (archive.#members.has("byteorder")) {
      await archive.#checkText("byteorder", /^little$/, "the byte order of the numbers, little");
    }
    return archive;
  }

  /** @throws where it is missing */
  member(name: string): ZipMember {
    const member = this.#members.get(name);
    if (member) return member;
    throw new Error(`${this.what} is damaged: its archive has no ${shown(name)}`);
  }

  /** Where a member's bytes begin; the header before them is read once. */
  begin(member: ZipMember): Promise<number> {
    const known = this.#begins.get(member);
    if (known) return known;
    const begin = this.#readBegin(member);
    this.#begins.set(member, begin);
    begin.catch(() => this.#begins.delete(member)); // a lost connection is not an answer
    return begin;
  }

  async #readBegin(member: ZipMember): Promise<number> {
    const { size } = this.#source;
    const end = Math.min(member.offset + localLength(member), size);
    const local = await this.#source.read(Math.min(member.offset, end), end);
    return dataBegin(local, member, { what: this.what, size });
  }

  /** A small member, whole. */
  async bytes(name: string): Promise<Uint8Array> {
    const member = this.member(name);
    if (member.size > bounds.pickle) {
      throw new Error(
        `${this.what} is refused: its ${name} takes ${member.size} bytes, at most ${bounds.pickle} are read`,
      );
    }
    const begin = await this.begin(member);
    const bytes = await this.#source.read(begin, begin + member.size);
    if (bytes.length !== member.size) {
      throw new Error(`${this.what} is cut short: it ends at ${begin + bytes.length}`);
    }
    if (crc32(bytes) === member.crc) return bytes;
    throw new Error(`${this.what} is damaged: its ${name} does not match its checksum`);
  }

  async #checkText(name: string, right: RegExp, expected: string): Promise<void> {
    const text = new TextDecoder().decode(await this.bytes(name));
    if (right.test(text)) return;
    throw new Error(`${this.what} is refused: its ${name} is "${shown(text)}", not ${expected}`);
  }
}

/** A member as torch.save writes all of them: in the one folder, whole, and as it is. */
function checkWritten(member: ZipMember, { folder, what }: { folder: string; what: string }): void {
  const { name, nameBytes, offset, packed, size, limit } = member;
  if (new TextEncoder().encode(name).length !== nameBytes.length) {
    throw new Error(`${what} is damaged: the name ${shown(name)} in its archive is no UTF-8`);
  }
  if (!name.startsWith(folder)) {
    const place = `"${shown(name)}" is not in its folder ${shown(folder)}`;
    throw new Error(`${what} is refused: ${place}`);
  }
  checkMethod(member, what);
  if (member.method !== 0 || packed !== size) {
    throw new Error(
      `${what} is refused: ${shown(name)} in its archive is packed, where torch.save only stores`,
    );
  }
  if (offset + localLength(member) + size > limit) {
    throw new Error(`${what} is damaged: ${shown(name)} in its archive is not whole`);
  }
}
