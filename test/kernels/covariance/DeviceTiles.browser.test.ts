import { expect } from "vitest";
import { DeviceTiles, sideFor } from "../../../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { tileCount } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

gpuTest("gives back each tile, wherever it lies", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 4096 });
  const tiles = new DeviceTiles(gpu, 70, { side: 16, label: "test" }); // 15 tiles of 1 KiB
  expect([tiles.across, tiles.perBuffer, tiles.count]).toEqual([5, 4, 15]);
  expect(tiles.buffers.map(({ label, size }) => [label, size])).toEqual([
    ["test.0", 4096],
    ["test.1", 4096],
    ["test.2", 4096],
    ["test.3", 3072],
  ]);
  const data = Array.from({ length: 15 }, (_, tile) => Float32Array.from(uniform(256, tile)));
  data.forEach((values, tile) => tiles.upload(tile, values));
  for (const tile of [0, 3, 4, 14]) expect(await tiles.download(tile)).toEqual(data[tile]);
  expect(tiles.place(6)).toMatchObject({
    buffer: tiles.buffers[1],
    index: 1,
    slot: 2,
    offset: 2048,
  });
  tiles.clear();
  for (const tile of [0, 14]) expect(await tiles.download(tile)).toEqual(new Float32Array(256));
  tiles.dispose();
  expect(gpu.buffers).toBe(0);
});

gpuTest("holds at most 1.06 times the lower half of 6400²", ({ gpu }) => {
  const side = sideFor(gpu);
  const lower = (6400 * 6401) / 2;
  expect((tileCount(6400, side) * side * side) / lower).toBeLessThan(1.06);
});

gpuTest("takes smaller tiles where the device cannot bind the usual ones", ({ device }) => {
  expect(sideFor(new Gpu(device, { bindingLimit: 2 ** 20 }))).toBe(256);
  expect(sideFor(new Gpu(device, { bindingLimit: 100_000 }))).toBe(128);
});

gpuTest("refuses tiles that the device cannot bind, and data of another size", ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 1000 });
  expect(() => new DeviceTiles(gpu, 70, { side: 16, label: "test" })).toThrow(
    "buffer test.0 is too large: 1024 bytes (this GPU device allows 1000)",
  );
  const tiles = new DeviceTiles(gpu, 70, { side: 8, label: "test" });
  expect(() => tiles.upload(0, new Float32Array(63))).toThrow(
    "invalid tile: 63 numbers (expected 8 × 8)",
  );
  tiles.dispose();
});
