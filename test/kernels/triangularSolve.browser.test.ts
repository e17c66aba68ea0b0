import { expect } from "vitest";
import { choleskyReference } from "../../src/kernels/cholesky.reference.ts";
import { choleskySolve, triangularSolve } from "../../src/kernels/triangularSolve.ts";
import {
  choleskySolveReference,
  triangularSolveReference,
} from "../../src/kernels/triangularSolve.reference.ts";
import { gpuTest } from "../device.ts";
import { positiveDefinite, solveResidual, uniform } from "./positiveDefinite.ts";

const sizes = [
  { n: 1, columns: 1, tile: 16 },
  { n: 5, columns: 3, tile: 8 },
  { n: 33, columns: 17, tile: 8 },
  { n: 33, columns: 1, tile: 16 },
  { n: 50, columns: 20, tile: 4 },
];

gpuTest.for(sizes)(
  "solves L x = b and Lᵀ x = b for n = $n, $columns columns, tile $tile",
  async ({ n, columns, tile }, { gpu }) => {
    // What lies above the diagonal must not be read.
    const factor = choleskyReference(positiveDefinite(n, 100), n);
    const noisy = factor.map((x, at) => (at % n <= Math.floor(at / n) ? x : 1e6));
    const right = uniform(n * columns, 4);
    const l = gpu.upload("test.l", Float32Array.from(noisy));
    for (const triangle of ["L", "Lᵀ"] as const) {
      const b = gpu.upload("test.b", Float32Array.from(right));
      await triangularSolve(gpu, triangle, { l, b, n, columns, tile });
      const expected = triangularSolveReference(triangle, factor, [n, columns], right);
      expect(await gpu.download(b)).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-4 });
      gpu.destroy(b);
    }
    gpu.destroy(l);
  },
);

gpuTest.for(sizes)(
  "‖Cx − b‖ / ‖b‖ ≤ 1e-4 at condition 100 for n = $n, $columns columns, tile $tile",
  async ({ n, columns, tile }, { gpu }) => {
    const c = positiveDefinite(n, 100);
    const factor = choleskyReference(c, n);
    const right = uniform(n * columns, 4);
    const l = gpu.upload("test.l", Float32Array.from(factor));
    const b = gpu.upload("test.b", Float32Array.from(right));
    await choleskySolve(gpu, { l, b, n, columns, tile });
    const x = await gpu.download(b);
    gpu.destroy(l, b);
    expect(solveResidual(c, x, right, [n, columns])).toBeLessThan(1e-4);
    const expected = choleskySolveReference(factor, n, right, columns);
    expect(x).toBeAllclose(expected, { rtol: 1e-3, atol: 1e-3 });
  },
);
