import { expect } from "vitest";
import { BlockBuffers, copyBlocks } from "../../../src/kernels/device/BlockBuffers.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { gpuTest } from "../../support/device.ts";

gpuTest("lays blocks over as many buffers as the limit asks for", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 40 });
  const blocks = new BlockBuffers(gpu, "test.blocks", { count: 5, bytes: 16 });
  expect(gpu.buffers).toBe(3);
  expect([0, 1, 2, 3, 4].map((i) => blocks.place(i).slot)).toEqual([0, 1, 0, 1, 0]);
  for (let i = 0; i < 5; i++) blocks.write(i, Float32Array.of(i, 0, 0, -i));
  copyBlocks(gpu, [[blocks.place(4), blocks.place(1)]], 16);
  expect(await blocks.read(1)).toEqual(Float32Array.of(4, 0, 0, -4));
  expect(await blocks.read(2)).toEqual(Float32Array.of(2, 0, 0, -2));
  blocks.dispose();
  expect(gpu.buffers).toBe(0);
});

gpuTest("keeps nothing where a block cannot be bound", ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 40 });
  expect(() => new BlockBuffers(gpu, "test.blocks", { count: 2, bytes: 64 })).toThrow(
    "buffer test.blocks.0 is too large: 64 bytes (this GPU device allows 40)",
  );
  expect(gpu.buffers).toBe(0);
});
