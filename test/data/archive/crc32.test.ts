import { expect, test } from "vitest";
import { checksum, crc32 } from "../../../src/data/archive/crc32.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ["", 0],
  ["123456789", 0xcbf43926], // the check value of the CRC catalogue
  ["The quick brown fox jumps over the lazy dog", 0x414fa339],
])("of %o is %d", (text, crc) => {
  expect(crc32(bytes(text))).toBe(crc);
});

test.each([0, 1, 3, 4, 5, 9])("goes on after %i bytes", (cut) => {
  const all = bytes("123456789");
  expect(crc32(all.subarray(cut), crc32(all.subarray(0, cut)))).toBe(0xcbf43926);
});

test("of an array is that of its bytes, wherever they lie in a buffer", () => {
  const floats = Float32Array.of(1, 2, 3);
  expect(checksum(floats.subarray(1))).toBe(crc32(new Uint8Array(Float32Array.of(2, 3).buffer)));
});
