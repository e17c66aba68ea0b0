import { expect, test } from "vitest";
import { tileProductReference } from "../../../src/kernels/products/tileProducts.reference.ts";

test("multiplies what can be done by hand", () => {
  const [a, b] = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  const shape = { rows: 2, width: 2, depth: 2 };
  expect(tileProductReference(a, b, { ...shape, transposed: false })).toEqual(
    Float64Array.of(19, 22, 43, 50),
  );
  expect(tileProductReference(a, b, { ...shape, transposed: true })).toEqual(
    Float64Array.of(17, 23, 39, 53),
  );
});

test("takes blocks that are not square", () => {
  const shape = { rows: 1, width: 3, depth: 2, transposed: false };
  expect(tileProductReference([2, 1], [1, 2, 3, 4, 5, 6], shape)).toEqual(
    Float64Array.of(6, 9, 12),
  );
});
