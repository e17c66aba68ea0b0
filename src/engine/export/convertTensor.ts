import { shown } from "../../data/outside/shown.ts";
import { toFloat16 } from "../../data/weights/float16.ts";
import { areFinite } from "../transformer/finite.ts";
import type { TensorRows } from "../checkpoint/changedRows.ts";
import { BLOCK, quantizeRows } from "../checkpoint/quantize.ts";
import { transpose } from "../checkpoint/transpose.ts";
import type { PlannedTensor } from "./shardPlan.ts";
import type { TensorToWrite } from "./TensorToWrite.ts";

// Numbers in memory at a time, but for a matrix [inputs, outputs], which is turned whole: 16 MB of float32.
const SLAB = 2 ** 22;

/**
 * What a tensor of a checkpoint becomes: with 16 bits all is float16, with 32 float32. With 4 or 8 a matrix becomes `name.q4` or `name.q8`
 * and `name.scale`, rows by output; the embedding of tokens and the head have 8 bits in both; the rest stays float32.
 */
export function convertedTensor(
  checkpoint: TensorRows,
  tensor: PlannedTensor,
  bits: 4 | 8 | 16 | 32,
): TensorToWrite[] {
  const { name, shape, kind } = tensor;
  if (bits === 16) {
    return [{ name, shape, dtype: "F16", bytes: () => halves(checkpoint, tensor) }];
  }
  if (kind !== "plain" && bits !== 32)
    return quantized(checkpoint, tensor, kind === "table" ? 8 : bits);
  return [{ name, shape, dtype: "F32", bytes: () => singles(checkpoint, tensor) }];
}

/** What a shard's metadata says: Hugging Face's shapes of its quantized matrices, which their blocks do not tell. */
export function shapesOf(tensors: PlannedTensor[]): Record<string, string> {
  const matrices = tensors.filter(({ kind }) => kind !== "plain");
  return Object.fromEntries(matrices.map(({ name, shape }) => [name, JSON.stringify(shape)]));
}

function quantized(checkpoint: TensorRows, tensor: PlannedTensor, bits: 4 | 8): TensorToWrite[] {
  const { name, shape, kind } = tensor;
  const [out, inputs] = kind === "inOut" ? [shape[1], shape[0]] : shape;
  const blocks = Math.ceil(inputs / BLOCK);
  const scales: Uint16Array[] = [];
  const integers = async function* () {
    scales.length = 0;
    for await (const { data, rows } of outputSlabs(checkpoint, tensor)) {
      const { q, scale } = named(name, () => quantizeRows(data, [rows, inputs], bits));
      scales.push(toFloat16(scale));
      yield q;
    }
  };
  return [
    {
      name: `${name}.q${bits}`,
      dtype: "U8",
      shape: [out, blocks, (BLOCK * bits) / 8],
      bytes: integers,
    },
    { name: `${name}.scale`, dtype: "F16", shape: [out, blocks], bytes: () => scales.map(bytesOf) },
  ];
}

async function* halves(checkpoint: TensorRows, tensor: PlannedTensor): AsyncGenerator<Uint8Array> {
  for await (const { data } of rowSlabs(checkpoint, tensor)) {
    const bits = toFloat16(data);
    // All ones in the exponent: infinite, or no number.
    const bad = bits.findIndex((half) => (half & 0x7c00) === 0x7c00);
    if (bad >= 0) {
      throw new Error(
        `tensor ${shown(tensor.name)} cannot be converted to 16 bits: it holds ${shown(data[bad])}, and float16 ends at 65504`,
      );
    }
    yield bytesOf(bits);
  }
}

async function* singles(checkpoint: TensorRows, tensor: PlannedTensor): AsyncGenerator<Uint8Array> {
  for await (const { data } of rowSlabs(checkpoint, tensor)) {
    if (!areFinite(data))
      throw new Error(
        `tensor ${shown(tensor.name)} holds a number that is not finite; give another --delta`,
      );
    yield bytesOf(data);
  }
}

interface Slab {
  data: Float32Array;
  rows: number;
}

/** Rows by output, some at a time. */
async function* outputSlabs(checkpoint: TensorRows, tensor: PlannedTensor): AsyncGenerator<Slab> {
  if (tensor.kind !== "inOut") {
    yield* rowSlabs(checkpoint, tensor);
    return;
  }
  const [inputs, out] = tensor.shape;
  yield { data: transpose(await checkpoint.tensor(tensor.name), [inputs, out]), rows: out };
}

/** Rows as they are stored, some at a time; the next ones are read meanwhile. */
async function* rowSlabs(
  checkpoint: TensorRows,
  { name, shape }: PlannedTensor,
): AsyncGenerator<Slab> {
  const [count, ...rest] = shape;
  const width = rest.reduce((product, size) => product * size, 1);
  const some = Math.max(1, Math.floor(SLAB / width));
  const read = (first: number) => {
    const rows = checkpoint.rows(name, first, Math.min(first + some, count));
    rows.catch(() => undefined); // told when its turn comes
    return rows;
  };
  let next = read(0);
  for (let first = 0; first < count; first += some) {
    const data = await next;
    if (first + some < count) next = read(first + some);
    yield { data, rows: data.length / width };
  }
}

function named<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`tensor ${name}: ${(error as Error).message}`, { cause: error });
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array | Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);
