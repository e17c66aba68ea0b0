/** How many weights along the input share one scale. */
export const BLOCK = 32;

/** A matrix in blocks; see {@link quantizeRows}. */
export interface QuantizedRows {
  /** [n, ceil(k / 32), 16] for 4 bits, two weights a byte, the first in the low nibble; [n, ceil(k / 32), 32] for 8. */
  q: Uint8Array;
  /** [n, ceil(k / 32)], each a number that float16 can hold. */
  scale: Float32Array;
}

// Added and taken away again it leaves a double below 2^51 rounded to a whole number, ties to even.
const WHOLE = 1.5 * 2 ** 52;
// Veltkamp's split keeps a double's upper 11 bits, which are float16's; below 2^-14 its steps are all of one size.
const SPLIT = 2 ** 42 + 1;
const MIN_NORMAL = 2 ** -14;
const STEP = 2 ** -24;

/**
 * Rounds a matrix to 4 or 8 bits: rows are the outputs, each cut into blocks of 32 along the input, the layout of
 * onnxruntime's MatMulNBits without zero points. A weight is (q - 8) * scale, or (q - 128) * scale; scales may be
 * negative. A row's last block is padded with zeros.
 *
 * 8 bits: the weight of largest magnitude becomes -128 exactly, but for the scale's own rounding. 4 bits: of the scales
 * which put that weight at 7, -7.4, -8 and -8.6 the one is taken whose integers r fit the block x best, that is with
 * the largest (x·r)² / r·r; the least-squares scale x·r / r·r of those is rounded to float16, and the integers are then
 * chosen anew for it. The squared error of normally distributed weights is 1 % above the best possible one.
 *
 * @param data [n, k]
 * @throws for a weight that is not finite, or so large that float16 cannot hold its scale
 */
export function quantizeRows(
  data: Float32Array,
  [n, k]: readonly [number, number],
  bits: 4 | 8,
): QuantizedRows {
  if (data.length !== n * k) {
    throw new Error(`invalid shape: [${n}, ${k}] (the matrix has ${data.length} numbers)`);
  }
  const blocks = Math.ceil(k / BLOCK);
  const whole = Math.floor(k / BLOCK);
  const q = new Uint8Array((n * blocks * BLOCK * bits) / 8);
  const scale = new Float32Array(n * blocks);
  const round = bits === 4 ? roundToNibbles : roundToBytes;
  const inside: Block = { ...blockOf(data), q, at: 0 };
  const last: Block = { ...blockOf(new Float32Array(BLOCK)), q, at: 0 };
  for (let row = 0; row < n; row++) {
    for (let b = 0; b < whole; b++) {
      inside.from = row * k + b * BLOCK;
      inside.at = row * blocks + b;
      scale[inside.at] = round(inside);
    }
    if (whole === blocks) continue;
    last.data.set(data.subarray(row * k + whole * BLOCK, (row + 1) * k));
    last.at = row * blocks + whole;
    scale[last.at] = round(last);
  }
  return { q, scale };
}

/**
 * The matrix that {@link quantizeRows} stands for.
 *
 * @returns [n, k]
 */
export function dequantizeRows(
  { q, scale }: QuantizedRows,
  [n, k]: readonly [number, number],
  bits: 4 | 8,
): Float32Array {
  const blocks = Math.ceil(k / BLOCK);
  if (scale.length !== n * blocks || q.length !== (n * blocks * BLOCK * bits) / 8) {
    throw new Error(
      `invalid shape: [${n}, ${k}] (there are ${scale.length} scales and ${q.length} bytes of ${bits}-bit weights)`,
    );
  }
  const data = new Float32Array(n * k);
  for (let row = 0; row < n; row++) {
    for (let b = 0; b < blocks; b++) {
      const at = row * blocks + b;
      const to = row * k + b * BLOCK;
      const count = Math.min(BLOCK, k - b * BLOCK);
      if (bits === 4) readNibbles(q, scale[at], { from: at * 16, data, to, count });
      else readBytes(q, scale[at], { from: at * BLOCK, data, to, count });
    }
  }
  return data;
}

interface Stretch {
  from: number;
  data: Float32Array;
  to: number;
  count: number;
}

function readNibbles(q: Uint8Array, scale: number, { from, data, to, count }: Stretch): void {
  for (let i = 0; i < count; i++) {
    data[to + i] = (((q[from + (i >> 1)] >> ((i & 1) << 2)) & 15) - 8) * scale;
  }
}

function readBytes(q: Uint8Array, scale: number, { from, data, to, count }: Stretch): void {
  for (let i = 0; i < count; i++) data[to + i] = (q[from + i] - 128) * scale;
}

/** 32 weights and where their integers go. One object serves all blocks: nothing is allocated for each. */
interface Block {
  data: Float32Array;
  /** The data's bits. */
  words: Int32Array;
  from: number;
  q: Uint8Array;
  at: number;
}

const blockOf = (data: Float32Array) => ({
  data,
  words: new Int32Array(data.buffer, data.byteOffset, data.length),
  from: 0,
});

/**
 * The weight of largest magnitude, to 18 bits, with its sign; 0 where all are below 2^-144. Without their signs the
 * bits are in the order of the magnitudes, and whole numbers are compared without a branch.
 */
function largestOf({ data, words, from }: Block): number {
  let key = 0;
  for (let i = 0; i < BLOCK; i++) {
    const other = (words[from + i] & 0x7fffffe0) | i;
    const difference = key - other;
    key -= difference & (difference >> 31);
  }
  const largest = key < BLOCK ? 0 : data[from + (key & 31)];
  if (key < 0x7f800000) return largest;
  throw new Error(`a weight is ${largest}; only finite weights can be quantized`);
}

function roundToNibbles(block: Block): number {
  const largest = largestOf(block);
  const scale = largest === 0 ? 0 : nibbleScale(block, largest);
  writeNibbles(block, scale);
  return scale;
}

function roundToBytes(block: Block): number {
  const scale = roundScale(-largestOf(block) / 128, 128);
  writeBytes(block, scale);
  return scale;
}

// x·r and r·r of the best integers r so far.
let dot = 0;
let norm = 0;

/** The scale of a block that is not zero: the best of four, then fitted. */
function nibbleScale(block: Block, largest: number): number {
  dot = 0;
  norm = 1;
  tryTwo(block, 7 / largest, -8.6 / largest);
  tryTwo(block, -7.4 / largest, -8 / largest);
  const scale = dot / norm;
  return Math.abs(scale) < MIN_NORMAL
    ? smallScale(block, [scale, -largest / 8])
    : roundScale(scale, 8);
}

/** Two at once take little longer than one. The first must put no weight beyond 7.5. */
function tryTwo({ data, from }: Block, first: number, second: number): void {
  let ax = 0;
  let aa = 0;
  let bx = 0;
  let bb = 0;
  for (let i = 0; i < BLOCK; i++) {
    const x = data[from + i];
    const a = x * first + WHOLE - WHOLE;
    const whole = x * second + WHOLE - WHOLE;
    const b = whole > 7 ? 7 : whole < -8 ? -8 : whole;
    ax += x * a;
    aa += a * a;
    bx += x * b;
    bb += b * b;
  }
  keepBetter(ax, aa);
  keepBetter(bx, bb);
}

function keepBetter(otherDot: number, otherNorm: number): void {
  if (otherDot * otherDot * norm <= dot * dot * otherNorm) return;
  dot = otherDot;
  norm = otherNorm;
}

/** The nearest float16; among the subnormal ones the next larger, which clips nothing. */
function roundScale(scale: number, levels: number): number {
  if (Math.abs(scale) < MIN_NORMAL) {
    return Math.sign(scale) * Math.ceil(Math.abs(scale) / STEP) * STEP;
  }
  const high = scale * SPLIT;
  const rounded = high - (high - scale);
  if (Math.abs(rounded) <= 65504) return rounded;
  throw new Error(
    `a weight of magnitude ${Math.abs(scale * levels).toPrecision(4)} cannot be quantized (at most ${65504 * levels})`,
  );
}

/** Subnormal scales are coarse: of the neighbours of good ones, that with the least squared error. */
function smallScale(block: Block, good: number[]): number {
  let best = 0;
  let least = squaredError(block, 0);
  for (const scale of good) {
    for (const round of [Math.floor, Math.ceil]) {
      const candidate = round(scale / STEP) * STEP;
      const error = squaredError(block, candidate);
      if (error < least) [best, least] = [candidate, error];
    }
  }
  return best;
}

function squaredError({ data, from }: Block, scale: number): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) {
    const x = data[from + i];
    const whole = scale === 0 ? 0 : Math.max(-8, Math.min(7, Math.round(x / scale)));
    sum += (x - whole * scale) ** 2;
  }
  return sum;
}

/** The nearest integers for a scale, from -8 to 7. */
function writeNibbles({ data, from, q, at }: Block, scale: number): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < BLOCK; i += 2) {
    const low = (data[from + i] * inverse + 8.5) | 0;
    const high = (data[from + i + 1] * inverse + 8.5) | 0;
    const first = low > 15 ? 15 : low < 0 ? 0 : low;
    const second = high > 15 ? 15 : high < 0 ? 0 : high;
    q[at * 16 + (i >> 1)] = first | (second << 4);
  }
}

/**
 * The nearest integers for a scale, from -128 to 127; nothing is below -128.1. Four at a time take two thirds of the
 * time of one.
 */
function writeBytes({ data, from, q, at }: Block, scale: number): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < BLOCK; i += 4) {
    const x = from + i;
    const to = at * BLOCK + i;
    const a = (data[x] * inverse + 128.5) | 0;
    const b = (data[x + 1] * inverse + 128.5) | 0;
    const c = (data[x + 2] * inverse + 128.5) | 0;
    const d = (data[x + 3] * inverse + 128.5) | 0;
    q[to] = a - (a >> 8); // 256 becomes 255
    q[to + 1] = b - (b >> 8);
    q[to + 2] = c - (c >> 8);
    q[to + 3] = d - (d >> 8);
  }
}
