import { expect } from "vitest";
import { Factor } from "../../../src/kernels/solve/Factor.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { solveKeys } from "../../../src/kernels/solve/keySolve.ts";
import { residualReference } from "../../../src/kernels/solve/residual.reference.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";
import { goldenSystems, relativeError } from "../../support/kernels/solves.ts";

gpuTest.for(goldenSystems(32))(
  "meets LAPACK on the GPU at condition $condition",
  async ({ c, count, weight, keys, columns, solved, inverseKeys }, { gpu }) => {
    const factor = await Factor.of(c, { scale: 1 / count, gpu });
    expect(relativeError(await factor.solve(keys, columns), inverseKeys)).toBeLessThan(1e-5);
    const scale = weight / count;
    for (const route of ["woodbury", "fresh"] as const) {
      const { x } = await solveKeys({ c, scale, keys, columns, factor, gpu, route });
      expect(relativeError(x, solved)).toBeLessThan(1e-5);
    }
    expect(factor.precision).toBe("float32 refined");
    factor.dispose();
  },
);

gpuTest.for([1e2, 1e4, 1e6])("both routes agree at condition %d", async (condition, { device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
  const [n, columns, scale] = [300, 20, 5];
  const c = SymmetricTiles.from(positiveDefinite(n, condition), n, 256);
  const keys = uniform(n * columns, 3);
  const sum = { c, scale, ridge: 0, keys: { data: keys, count: columns } };
  const found: Float64Array[] = [];
  for (const route of ["woodbury", "fresh"] as const) {
    const { x } = await solveKeys({ c, scale, keys, columns, gpu, route });
    const r = residualReference(sum, { b: keys, x, columns });
    expect(
      relativeError(
        r.map((value, i) => keys[i] - value),
        keys,
      ),
    ).toBeLessThan(1e-7);
    found.push(x);
  }
  expect(relativeError(found[0], found[1])).toBeLessThan(1e-5);
  expect(gpu.buffers).toBe(0);
});
