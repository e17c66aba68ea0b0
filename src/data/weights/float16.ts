// Element i is the value of the half-precision number whose bits are i: 65,536 floats, made once.
let halves: Float32Array | undefined;

function halfTable(): Float32Array {
  if (halves) return halves;
  halves = new Float32Array(0x10000);
  for (let bits = 0; bits < 0x10000; bits++) {
    const size = halfSize((bits >> 10) & 31, bits & 1023);
    halves[bits] = bits & 0x8000 ? -size : size;
  }
  return halves;
}

function halfSize(exponent: number, mantissa: number): number {
  if (exponent === 0) return mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? Infinity : NaN;
  return (1024 + mantissa) * 2 ** (exponent - 25);
}

/**
 * IEEE 754 half precision to float32, exactly.
 *
 * @param bits [n] the halves' bit patterns
 * @returns [n]
 */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const table = halfTable();
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

/**
 * bfloat16 to float32, exactly: the sixteen bits are the upper half of a float32.
 *
 * @param bits [n]
 * @returns [n]
 */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/**
 * Numbers to IEEE 754 half precision, rounded to nearest, ties to even; beyond 65504 they are infinite.
 *
 * @param values [n]
 * @returns [n] bit patterns
 */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  if (values instanceof Float32Array) return wordsToHalves(values);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = halfBits(values[i]);
  return bits;
}

/** The same on the bits of float32, ten times as fast. */
function wordsToHalves(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const size = words[i] & 0x7fffffff;
    let half: number;
    if (size < 0x38800000) {
      half = smallHalf(values[i]);
    } else if (size < 0x47800000) {
      // The exponent's bias goes from 127 to 15, and half of what is cut off is added, less one bit where that is a tie.
      half = (size - 0x38000000 + 0xfff + ((size >> 13) & 1)) >> 13;
    } else {
      half = size > 0x7f800000 ? 0x7e00 : 0x7c00;
    }
    bits[i] = half | ((words[i] >>> 16) & 0x8000);
  }
  return bits;
}

/** Below 2^-14, where the steps are 2^-24: a double of 2^28 and more has the same, and rounds ties to even. */
function smallHalf(value: number): number {
  const steps = Math.abs(value) + 1.5 * 2 ** 28 - 1.5 * 2 ** 28;
  return steps * 2 ** 24;
}

function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1)));
  // Steps of 2^(exponent - 10); log2 may be one off just below a power of two, and the carry repairs it.
  const steps = roundHalfEven(size * 2 ** (10 - exponent));
  return sign | (steps < 1024 ? steps : ((exponent + 14) << 10) + steps);
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
