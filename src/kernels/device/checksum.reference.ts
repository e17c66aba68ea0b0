/**
 * Σ words[i]·(2i + 1) mod 2³² of bytes that begin at word `first` of a buffer, so that the sums of its pieces add up. A
 * last word that is cut short is filled with zeros.
 */
export function checksumReference(bytes: Uint8Array, first = 0): number {
  const whole = bytes.byteLength >>> 2;
  const words = wordsOf(bytes, whole);
  let sum = 0;
  let factor = 2 * first + 1;
  for (let i = 0; i < whole; i++) {
    sum = (sum + Math.imul(words[i], factor)) | 0;
    factor = (factor + 2) | 0;
  }
  let last = 0;
  for (let i = whole * 4; i < bytes.byteLength; i++) last |= bytes[i] << (8 * (i % 4));
  return (sum + Math.imul(last, factor)) >>> 0;
}

/** The bytes as words, by a copy where they do not lie on a word's boundary. */
function wordsOf(bytes: Uint8Array, count: number): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}
