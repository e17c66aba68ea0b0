import { expect, test } from "vitest";
import { addRowProducts } from "../../../src/kernels/products/rowProducts.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

test.for([
  { rows: 1, columns: 1, depth: 1 },
  { rows: 4, columns: 4, depth: 300 },
  { rows: 33, columns: 17, depth: 9 },
  { rows: 3, columns: 8, depth: 513 },
  { rows: 8, columns: 5, depth: 0 },
])("adds A Bᵀ for $rows × $columns over depth $depth", ({ rows, columns, depth }) => {
  const a = uniform(rows * depth, 1);
  const b = uniform(columns * depth, 2);
  const start = uniform(rows * columns, 3);
  const block = (data: Float64Array, stride: number) => ({ data, offset: 0, stride });
  for (const sign of [1, -1] as const) {
    const c = start.slice();
    const operands = { c: block(c, columns), a: block(a, depth), b: block(b, depth) };
    addRowProducts({ ...operands, rows, columns, depth, sign });
    const expected = start.map((value, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      for (let k = 0; k < depth; k++) value += sign * a[i * depth + k] * b[j * depth + k];
      return value;
    });
    expect(c).toBeAllclose(expected, { rtol: 1e-12, atol: 1e-12 });
  }
});

test("works on parts of larger matrices and leaves the rest alone", () => {
  const c = new Float64Array(7 * 9).fill(1);
  const a = { data: Float64Array.from([9, 9, 1, 2, 9, 3, 4]), offset: 2, stride: 3 }; // [[1, 2], [3, 4]]
  const b = { data: Float64Array.from([9, 5, 6]), offset: 1, stride: 2 }; // [[5, 6]]
  const size = { rows: 2, columns: 1, depth: 2, sign: 1 } as const;
  addRowProducts({ c: { data: c, offset: 3 * 9 + 4, stride: 9 }, a, b, ...size });
  const expected = new Float64Array(7 * 9).fill(1);
  expected[3 * 9 + 4] = 18;
  expected[4 * 9 + 4] = 40;
  expect(c).toEqual(expected);
});

test("computes every entry on or below the diagonal when only those are wanted", () => {
  const n = 13;
  const a = { data: uniform(n * 5, 1), offset: 0, stride: 5 };
  const compute = (lower: boolean) => {
    const c = new Float64Array(n * n);
    const size = { rows: n, columns: n, depth: 5, sign: 1, lower } as const;
    addRowProducts({ c: { data: c, offset: 0, stride: n }, a, b: a, ...size });
    return c.filter((_, at) => at % n <= Math.floor(at / n));
  };
  expect(compute(true)).toEqual(compute(false));
});
