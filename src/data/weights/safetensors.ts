import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";
import { fromBfloat16, fromFloat16 } from "./float16.ts";
import { type HeaderEntry, HeaderText } from "./HeaderText.ts";

/** Bytes of one element. */
export const byteSize = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

/** A safetensors element type by its name in the file. */
export type TensorDtype = keyof typeof byteSize;

/** One tensor of a safetensors file, row-major; `begin` and `end` are byte offsets from the start of the file. */
export interface TensorInfo {
  dtype: TensorDtype;
  shape: number[];
  begin: number;
  end: number;
}

/** What a safetensors file says about itself. The data begins at byte `dataStart`. */
export interface SafetensorsHeader {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
  dataStart: number;
}

/** Characters of a file's name in a sentence. */
const NAME = 80;
// The reference reader takes no longer one, so that what says more is another kind of file.
const REFERENCE_LIMIT = 100e6;
const notSafetensors = (what: string) => `${what} is not a safetensors file`;

/**
 * The length in bytes of the JSON header, from the first eight bytes of the file.
 *
 * @throws when it is absurd, which is how a file of another kind is recognised, and when it is beyond the bound
 */
export function headerLength(first8: Uint8Array, what = "the file"): number {
  const file = shown(what, NAME);
  if (first8.length < 8) {
    throw new Error(`${notSafetensors(file)}: it has ${first8.length} bytes`);
  }
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > REFERENCE_LIMIT) {
    throw new Error(`${notSafetensors(file)}: its first bytes are not the length of a header`);
  }
  if (length <= bounds.safetensorsHeader) return length;
  throw new Error(
    `${file} is refused: its header takes ${length} bytes, at most ${bounds.safetensorsHeader} are read`,
  );
}

/**
 * Reads the header of a safetensors file, as strictly as the reference reader: tensors fill the file without gaps or
 * overlaps, the header is UTF-8, and what is beside the tensors is text.
 *
 * @param bytes the file, or at least its first 8 + headerLength bytes
 * @param fileSize in bytes; when given, tensors beyond it and bytes after the last tensor are an error
 * @param what names the file in messages
 * @throws one sentence that names the tensor and the bytes: truncated, overlapping, a gap, or a size that does not
 *   fit its shape and type
 */
export function parseHeader(
  bytes: Uint8Array,
  fileSize?: number,
  what = "the file",
): SafetensorsHeader {
  const file = shown(what, NAME);
  const dataStart = 8 + headerLength(bytes, file);
  if (bytes.length < dataStart) {
    throw new Error(
      `${file} is truncated: its header needs bytes 8–${dataStart}, the file has ${bytes.length}`,
    );
  }
  const { entries, metadata } = new HeaderText(bytes.subarray(8, dataStart), file).read();
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of entries) {
    tensors.set(name, tensorInfo(name, entry, { dataStart, what: file }));
  }
  checkLayout(tensors, { dataStart, fileSize }, file);
  return { tensors, metadata: Object.fromEntries(metadata), dataStart };
}

/**
 * Converts a tensor's bytes to float32.
 *
 * @param bytes [n * size of dtype], anywhere in a buffer; an array that owns its buffer may become the result's
 * @returns [n]
 * @throws for integers and bool: `cannot read I64 as numbers; …`
 */
export function toFloat32(bytes: Uint8Array, dtype: TensorDtype): Float32Array {
  switch (dtype) {
    case "F32":
      return new Float32Array(ownBuffer(bytes));
    case "F16":
      return fromFloat16(new Uint16Array(ownBuffer(bytes)));
    case "BF16":
      return fromBfloat16(new Uint16Array(ownBuffer(bytes)));
    case "F64":
      return new Float32Array(new Float64Array(ownBuffer(bytes)));
    default:
      throw new Error(`cannot read ${dtype} as numbers; save the tensor as F32, F16, BF16 or F64`);
  }
}

/**
 * The first bytes of a safetensors file, up to its data, which begins at a multiple of eight bytes. The tensors follow
 * one another without gaps, in this order.
 *
 * @returns ends: where each tensor's data ends, from the beginning of the data
 */
export function safetensorsHeader(
  tensors: { name: string; dtype: TensorDtype; shape: number[] }[],
  metadata?: Record<string, string>,
): { header: Uint8Array; ends: number[] } {
  const entries: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const ends: number[] = [];
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const begin = end;
    end += elements(shape) * byteSize[dtype];
    ends.push(end);
    entries[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { header, ends };
}

/**
 * Writes float32 tensors as a safetensors file. Every tensor begins at a multiple of four bytes.
 *
 * @param tensors name -> row-major data
 * @throws `invalid shape: …` when a shape does not hold its data
 */
export function writeSafetensors(
  tensors: Record<string, { shape: number[]; data: Float32Array }>,
  metadata?: Record<string, string>,
): Uint8Array {
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (elements(shape) === data.length) continue;
    throw new Error(`invalid shape: ${name} [${shape.join(", ")}] (it has ${data.length} numbers)`);
  }
  const list = Object.entries(tensors);
  const { header, ends } = safetensorsHeader(
    list.map(([name, { shape }]) => ({ name, dtype: "F32", shape })),
    metadata,
  );
  const file = new Uint8Array(header.length + (ends.at(-1) ?? 0));
  file.set(header);
  list.forEach(([, { data }], i) => {
    const begin = header.length + ends[i] - data.byteLength;
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), begin);
  });
  return file;
}

const elements = (shape: number[]) => shape.reduce((product, size) => product * size, 1);

/** The bytes as a buffer that begins at 0, copied unless they are a whole buffer already. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return whole && bytes.buffer instanceof ArrayBuffer ? bytes.buffer : bytes.slice().buffer;
}

function tensorInfo(
  name: string,
  { dtype, shape, offsets }: HeaderEntry,
  { dataStart, what }: { dataStart: number; what: string },
): TensorInfo {
  if (!Object.hasOwn(byteSize, dtype)) {
    throw new Error(
      `${what} cannot be read: tensor ${shown(name)} has the unknown type "${shown(dtype, 20)}"`,
    );
  }
  const size = elements(shape) * byteSize[dtype as TensorDtype];
  const [begin, end] = offsets.map((offset) => dataStart + offset);
  if (end - begin !== size || !Number.isSafeInteger(end)) {
    throw new Error(
      `${what} is damaged: tensor ${shown(name)} ${dtype} [${shown(shape.join(", "))}] needs ${size} bytes, its header gives ${end - begin}`,
    );
  }
  return { dtype: dtype as TensorDtype, shape, begin, end };
}

/** Every byte of the data belongs to one tensor, as the reference reader asks. */
function checkLayout(
  tensors: Map<string, TensorInfo>,
  { dataStart, fileSize }: { dataStart: number; fileSize: number | undefined },
  what: string,
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let free = dataStart;
  let previous = "";
  for (const [name, { begin, end }] of sorted) {
    if (begin < free) {
      const both = `tensors ${shown(previous)} and ${shown(name)}`;
      throw new Error(`${what} is damaged: ${both} overlap`);
    }
    if (begin > free) {
      const gap = `bytes ${free}–${begin} before tensor ${shown(name)}`;
      throw new Error(`${what} is damaged: ${gap} belong to no tensor`);
    }
    if (fileSize !== undefined && end > fileSize) {
      throw new Error(
        `${what} is truncated: tensor ${shown(name)} needs bytes ${begin}–${end}, the file has ${fileSize}`,
      );
    }
    [free, previous] = [end, name];
  }
  if (fileSize !== undefined && fileSize > free) {
    const rest = `bytes ${free}–${fileSize} at its end`;
    throw new Error(`${what} is damaged: ${rest} belong to no tensor; fetch it again`);
  }
}
