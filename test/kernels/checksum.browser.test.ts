import { expect } from "vitest";
import { checksum } from "../../src/kernels/checksum.ts";
import { checksumReference } from "../../src/kernels/checksum.reference.ts";
import { gpuTest } from "../device.ts";

// One word, less than a workgroup, an odd count, more than all invocations take at once.
gpuTest.for([1, 100, 1001, 600_000])("of %d words is the reference's", async (words, { gpu }) => {
  const data = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  const buffer = gpu.upload("test.words", data);
  const found = await checksum(gpu, buffer, data.byteLength);
  gpu.destroy(buffer);
  expect(found).toBe(checksumReference(new Uint8Array(data.buffer)));
});

gpuTest("sees one changed bit on the device", async ({ gpu }) => {
  const data = Uint32Array.from({ length: 5000 }, (_, i) => i);
  const buffer = gpu.upload("test.words", data);
  const before = await checksum(gpu, buffer, data.byteLength);
  gpu.write(buffer, Uint32Array.of(data[4321] ^ 1), 4 * 4321);
  const after = await checksum(gpu, buffer, data.byteLength);
  gpu.destroy(buffer);
  expect(after).not.toBe(before);
});
