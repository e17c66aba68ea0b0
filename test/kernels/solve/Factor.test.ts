import { describe, expect, test } from "vitest";
import { Factor } from "../../../src/kernels/solve/Factor.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import {
  positiveDefinite,
  solveResidual,
  uniform,
} from "../../support/kernels/positiveDefinite.ts";

test.for([
  { n: 1, columns: 1, side: 16 },
  { n: 33, columns: 1, side: 7 },
  { n: 70, columns: 5, side: 32 },
  { n: 130, columns: 3, side: 256 },
])(
  "solves in float64 without a GPU: n = $n, $columns columns, tiles of $side",
  async ({ n, columns, side }) => {
    const c = SymmetricTiles.from(positiveDefinite(n, 1e6), n, side);
    const b = uniform(n * columns, 2);
    const factor = await Factor.of(c);
    expect(factor.precision).toBe("float64");
    const x = await factor.solve(b, columns);
    expect(solveResidual(c.dense(), x, b, [n, columns])).toBeLessThan(1e-9);
  },
);

test("factorises scale · C + ridge · I + K Kᵀ", async () => {
  const [n, count, scale, ridge] = [40, 6, 0.25, 0.5];
  const c = SymmetricTiles.from(positiveDefinite(n, 1e3), n, 16);
  const data = uniform(n * count, 3);
  const b = uniform(n, 2);
  const factor = await Factor.of(c, { scale, ridge, keys: { data, count } });
  const dense = Float64Array.from(c.dense(), (x, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = scale * x + (i === j ? ridge : 0);
    for (let k = 0; k < count; k++) sum += data[i * count + k] * data[j * count + k];
    return sum;
  });
  expect(solveResidual(dense, await factor.solve(b), b, [n, 1])).toBeLessThan(1e-13);
  expect([factor.n, factor.scale, factor.ridge]).toEqual([n, scale, ridge]);
});

describe("a matrix that is not positive definite", () => {
  /** Keys [tokens, n] with fewer tokens than n, and so a C of low rank. */
  function fewTokens(n: number, tokens: number): SymmetricTiles {
    const keys = uniform(tokens * n, 5);
    const c = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let t = 0; t < tokens; t++) sum += keys[t * n + i] * keys[t * n + j];
      return sum;
    });
    return SymmetricTiles.from(c, n, 16);
  }

  test("is refused with the pivot and the smallest ridge, which mends it", async () => {
    const c = fewTokens(60, 20);
    const message = await Factor.of(c).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(message).toMatch(
      /^the matrix is not positive definite: pivot \d+ is -?\S+; adding \S+ \(\S+ of the mean diagonal\) to the diagonal mends it/,
    );
    const ridge = Number(/adding (\S+) /.exec(message)![1]);
    const b = uniform(60, 1);
    await expect((await Factor.of(c, { ridge })).solve(b)).resolves.toHaveLength(60);
    await expect(Factor.of(c, { ridge: ridge / 2.6 })).rejects.toThrow("not positive definite");
  });

  test("needs a ridge as large as its most negative eigenvalue", async () => {
    const c = SymmetricTiles.from(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, -0.3), 3, 2);
    await expect(Factor.of(c)).rejects.toThrow(
      "pivot 2 is -0.300; adding 0.57 (1 of the mean diagonal) to the diagonal mends it",
    );
    await expect(Factor.of(c, { ridge: 0.57 })).resolves.toBeDefined();
  });

  test("is refused without advice where none helps or none is asked for", async () => {
    const zero = new SymmetricTiles(3, 2);
    await expect(Factor.of(zero)).rejects.toThrow(
      "the matrix is not positive definite: pivot 0 is 0.00; no small ridge mends it, so collect it again",
    );
    await expect(Factor.of(zero, { findRidge: false })).rejects.toThrow(/pivot 0 is 0.00$/);
    const broken = SymmetricTiles.from(Float64Array.of(1, 0, 0, NaN), 2);
    await expect(Factor.of(broken)).rejects.toThrow("pivot 1 is NaN; no small ridge mends it");
  });
});

test("refuses what does not fit", async () => {
  const c = SymmetricTiles.from(positiveDefinite(3, 10), 3);
  const factor = await Factor.of(c);
  await expect(factor.solve(new Float64Array(3), 2)).rejects.toThrow(
    "invalid right-hand side: 3 numbers (expected 3 × 2 = 6)",
  );
  const keys = { data: new Float64Array(4), count: 2 };
  await expect(Factor.of(c, { keys })).rejects.toThrow(
    "invalid keys: 4 numbers (expected 3 × 2 = 6)",
  );
});
