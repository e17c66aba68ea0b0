import { expect, test } from "vitest";
import { spectrumOf } from "../../../src/kernels/solve/condition.ts";
import { Factor } from "../../../src/kernels/solve/Factor.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { positiveDefinite } from "../../support/kernels/positiveDefinite.ts";
import { goldenSystems } from "../../support/kernels/solves.ts";

test.for([
  [1, 1],
  [2, 10],
  [50, 1],
  [50, 1e3],
  [300, 30],
  [300, 1e5],
])("the condition number of a matrix of %d is %d, to 1 %", async ([n, condition]) => {
  const c = SymmetricTiles.from(positiveDefinite(n, condition), n, 32);
  const found = await spectrumOf(c);
  expect([found.condition]).toBeAllclose([condition], { rtol: 0.01 });
  // eigenvalues condition ** (-i / (n - 1)): two geometric sums
  const values = Array.from({ length: n }, (_, i) => condition ** (-i / Math.max(1, n - 1)));
  const sum = (power: number) => values.reduce((total, x) => total + x ** power, 0);
  expect([found.effectiveRank]).toBeAllclose([sum(1) ** 2 / sum(2)], { rtol: 1e-5 });
});

test.for(goldenSystems(16))(
  "meets LAPACK's eigenvalues at condition $condition",
  async ({ c, condition, effectiveRank }) => {
    const found = await spectrumOf(c);
    expect([found.condition]).toBeAllclose([condition], { rtol: 0.01 });
    expect([found.effectiveRank]).toBeAllclose([effectiveRank], { rtol: 1e-5 });
  },
);

test("takes a factor that is at hand, and does not depend on the scale", async () => {
  const c = SymmetricTiles.from(positiveDefinite(60, 500), 60, 16);
  const factor = await Factor.of(c, { scale: 1e-4 });
  const given = await spectrumOf(c, { scale: 1e-4, factor });
  expect([given.condition]).toBeAllclose([500], { rtol: 0.01 });
  expect(given.effectiveRank).toBe((await spectrumOf(c)).effectiveRank);
});

test("a matrix of low rank has an infinite condition number and a rank all the same", async () => {
  const n = 20;
  const ones = SymmetricTiles.from(new Float32Array(n * n).fill(1), n, 8);
  expect(await spectrumOf(ones)).toEqual({ effectiveRank: 1, condition: Infinity });
});

test("a fault of another kind is thrown", async () => {
  const c = SymmetricTiles.from(positiveDefinite(4, 10), 4);
  const factor = await Factor.of(c);
  factor.solve = () => Promise.reject(new Error("the GPU was lost"));
  await expect(spectrumOf(c, { factor })).rejects.toThrow("the GPU was lost");
});

test("a fault that only sounds like it is thrown too", async () => {
  const c = SymmetricTiles.from(positiveDefinite(4, 10), 4);
  const gone = new Error("the disk with the not positive definite matrix is gone");
  Object.defineProperty(c.tiles, 0, {
    get() {
      throw gone;
    },
  });
  await expect(spectrumOf(c)).rejects.toBe(gone);
});
