import { expect, test } from "vitest";
import { checksumReference } from "../../../src/kernels/device/checksum.reference.ts";

const bytes = Uint8Array.from({ length: 1003 }, (_, i) => (i * 7919 + 13) % 256);

/** As the formula has it, in whole numbers without a limit. */
function byHand(data: Uint8Array): number {
  let sum = 0n;
  for (let i = 0; i < data.length; i += 4) {
    let word = 0n;
    for (let j = 0; j < 4; j++) word |= BigInt(data[i + j] ?? 0) << BigInt(8 * j);
    sum += word * BigInt(i / 2 + 1);
  }
  return Number(sum % 2n ** 32n);
}

test("is the sum of words times 2i + 1", () => {
  expect(checksumReference(bytes)).toBe(byHand(bytes));
  expect(checksumReference(bytes.subarray(3, 700))).toBe(byHand(bytes.slice(3, 700)));
  expect(checksumReference(new Uint8Array(0))).toBe(0);
});

test("sums of pieces add up", () => {
  const [a, b] = [bytes.subarray(0, 400), bytes.subarray(400)];
  expect((checksumReference(a) + checksumReference(b, 100)) >>> 0).toBe(checksumReference(bytes));
});

test("a changed bit, swapped words and a missing word change it", () => {
  const changed = bytes.slice();
  changed[777] ^= 8;
  const swapped = bytes.slice();
  swapped.set(bytes.subarray(4, 8), 0);
  swapped.set(bytes.subarray(0, 4), 4);
  const missing = bytes.slice();
  missing.fill(0, 500, 504);
  for (const other of [changed, swapped, missing]) {
    expect(checksumReference(other)).not.toBe(checksumReference(bytes));
  }
});
