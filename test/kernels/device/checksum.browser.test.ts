import { expect } from "vitest";
import { checksums } from "../../../src/kernels/device/checksum.ts";
import { checksumReference } from "../../../src/kernels/device/checksum.reference.ts";
import { gpuTest } from "../../support/device.ts";

// One word, less than a workgroup, an odd count, more than all invocations take at once.
gpuTest.for([1, 100, 1001, 600_000])("of %d words is the reference's", async (words, { gpu }) => {
  const data = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  const buffer = gpu.upload("test.words", data);
  const [found] = await checksums(gpu, [{ buffer, bytes: data.byteLength }]);
  gpu.destroy(buffer);
  expect(found).toBe(checksumReference(new Uint8Array(data.buffer)));
});

gpuTest(
  "of several buffers at once, and one changed bit on the device is seen",
  async ({ gpu }) => {
    const sizes = [5000, 1, 700];
    const contents = sizes.map((size) => Uint32Array.from({ length: size }, (_, i) => i + size));
    const buffers = contents.map((data) => gpu.upload("test.words", data));
    const extents = buffers.map((buffer, i) => ({ buffer, bytes: 4 * sizes[i] }));
    const before = await checksums(gpu, extents);
    gpu.write(buffers[0], Uint32Array.of(contents[0][4321] ^ 1), 4 * 4321);
    const after = await checksums(gpu, extents);
    gpu.destroy(...buffers);
    expect([...before]).toEqual(
      contents.map((data) => checksumReference(new Uint8Array(data.buffer))),
    );
    expect(after[0]).not.toBe(before[0]);
    expect([...after].slice(1)).toEqual([...before].slice(1));
  },
);
