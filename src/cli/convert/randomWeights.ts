import { toFloat16 } from "../../data/weights/float16.ts";

// Numbers at a time: 4 MB of float32.
const SLAB = 2 ** 20;

/** What one random tensor is made of. */
export interface RandomTensor {
  /** Both tell one tensor's numbers from another's. */
  seed: number;
  name: string;
  count: number;
  /** Standard deviation; the numbers are uniform between ∓√3 of it. */
  std: number;
}

/**
 * Random numbers as float32, some at a time, each time in the same array. The i-th is a hash of the seed, the name and i alone: i is multiplied and
 * folded twice, with a key of the tensor before each time (Wellons' lowbias32 with its constants). Its lower bits are
 * as good as its upper ones; no number depends on another, which keeps the processor busy.
 */
export function* randomFloats(tensor: RandomTensor): Generator<Float32Array> {
  const [first, second] = keysOf(tensor);
  const step = (tensor.std * Math.sqrt(3)) / 2 ** 31;
  const middle = 2 ** 31 - 0.5;
  const values = new Float32Array(Math.min(SLAB, tensor.count));
  for (const { begin, count } of slabs(tensor.count)) {
    for (let i = 0; i < count; i++) {
      let x = (begin + i) ^ first;
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) + second;
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      values[i] = (((x ^ (x >>> 15)) >>> 0) - middle) * step;
    }
    yield values.subarray(0, count);
  }
}

/** The same as the bits of float16, of 65,536 different numbers: the upper halves of the hashes, looked up. */
export function* randomHalves(tensor: RandomTensor): Generator<Uint16Array> {
  const [first, second] = keysOf(tensor);
  const step = (tensor.std * Math.sqrt(3)) / 2 ** 15;
  const table = toFloat16(Float32Array.from({ length: 2 ** 16 }, (_, i) => (i - 32767.5) * step));
  const bits = new Uint16Array(Math.min(SLAB, tensor.count));
  for (const { begin, count } of slabs(tensor.count)) {
    for (let i = 0; i < count; i++) {
      let x = (begin + i) ^ first;
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) + second;
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      bits[i] = table[(x ^ (x >>> 15)) >>> 16];
    }
    yield bits.subarray(0, count);
  }
}

function* slabs(total: number): Generator<{ begin: number; count: number }> {
  for (let begin = 0; begin < total; begin += SLAB) {
    yield { begin, count: Math.min(SLAB, total - begin) };
  }
}

/** Two hashes of a tensor's seed and name (FNV-1a from two beginnings). */
function keysOf({ seed, name }: RandomTensor): [number, number] {
  const hash = (beginning: number) => {
    let h = beginning;
    for (const letter of `${seed} ${name}`) h = Math.imul(h ^ letter.charCodeAt(0), 0x01000193);
    return h;
  };
  return [hash(0x811c9dc5), hash(0x5bd1e995)];
}
