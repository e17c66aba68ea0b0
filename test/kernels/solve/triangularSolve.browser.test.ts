import { expect } from "vitest";
import { cholesky } from "../../../src/kernels/solve/cholesky.ts";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import { DeviceTiles } from "../../../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { RightSides } from "../../../src/kernels/solve/RightSides.ts";
import { choleskySolve, triangularSolve } from "../../../src/kernels/solve/triangularSolve.ts";
import {
  choleskySolveReference,
  triangularSolveReference,
} from "../../../src/kernels/solve/triangularSolve.reference.ts";
import { gpuTest } from "../../support/device.ts";
import {
  positiveDefinite,
  solveResidual,
  uniform,
} from "../../support/kernels/positiveDefinite.ts";

interface Size {
  n: number;
  columns: number;
  side: number;
}

const sizes: Size[] = [
  { n: 1, columns: 1, side: 16 },
  { n: 5, columns: 3, side: 16 },
  { n: 33, columns: 17, side: 16 },
  { n: 70, columns: 1, side: 32 },
  { n: 150, columns: 66, side: 64 },
  { n: 300, columns: 5, side: 256 },
];

/** The factor of C [n, n] on the GPU. */
async function factor(gpu: Gpu, c: Float64Array, { n, side }: Size): Promise<DeviceTiles> {
  const tiles = new DeviceTiles(gpu, n, { side });
  SymmetricTiles.from(c, n, side).tiles.forEach((tile, i) => tiles.upload(i, tile));
  expect(await cholesky(tiles)).toBeUndefined();
  return tiles;
}

/** b [n, columns] on the GPU as the kernel wants it. */
function uploadSides(gpu: Gpu, b: Float64Array, size: Size): RightSides {
  const sides = new RightSides(gpu, "test.b", size);
  sides.write({ data: b, ...size, range: [0, size.columns] });
  return sides;
}

async function downloadSides(sides: RightSides, size: Size): Promise<Float64Array> {
  const data = new Float64Array(size.n * size.columns);
  await sides.read({ data, ...size, range: [0, size.columns] });
  return data;
}

gpuTest.for(sizes)(
  "solves L x = b and Lᵀ x = b for n = $n, $columns columns, side $side",
  async (size, { gpu }) => {
    const { n, columns } = size;
    const c = positiveDefinite(n, 100);
    const right = uniform(n * columns, 4);
    const l = await factor(gpu, c, size);
    for (const triangle of ["L", "Lᵀ"] as const) {
      const b = uploadSides(gpu, right, size);
      await triangularSolve(triangle, l, b);
      const exact = choleskyReference(c, n);
      const expected = triangularSolveReference(triangle, exact, [n, columns], right);
      expect(await downloadSides(b, size)).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-4 });
      b.dispose();
    }
    l.dispose();
  },
);

gpuTest.for(sizes)(
  "‖Cx − b‖ / ‖b‖ ≤ 1e-4 at condition 100 for n = $n, $columns columns, side $side",
  async (size, { gpu }) => {
    const { n, columns } = size;
    const c = positiveDefinite(n, 100);
    const right = uniform(n * columns, 4);
    const l = await factor(gpu, c, size);
    const b = uploadSides(gpu, right, size);
    await choleskySolve(l, b);
    const x = await downloadSides(b, size);
    l.dispose();
    b.dispose();
    expect(solveResidual(c, x, right, [n, columns])).toBeLessThan(1e-4);
    const expected = choleskySolveReference(choleskyReference(c, n), n, right, columns);
    expect(x).toBeAllclose(expected, { rtol: 1e-3, atol: 1e-3 });
  },
);

gpuTest("works in many buffers, on a device that binds 1 MiB", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
  const size = { n: 700, columns: 400, side: 256 };
  const { n, columns } = size;
  const c = positiveDefinite(n, 100);
  const right = uniform(n * columns, 4);
  const l = await factor(gpu, c, size);
  const b = uploadSides(gpu, right, size);
  expect(new Set([0, 1, 2].map((j) => b.blocks.place(j).buffer)).size).toBeGreaterThan(1);
  await choleskySolve(l, b);
  expect(solveResidual(c, await downloadSides(b, size), right, [n, columns])).toBeLessThan(1e-4);
  l.dispose();
  b.dispose();
  expect(gpu.buffers).toBe(0);
});
