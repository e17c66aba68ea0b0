import { expect, test } from "vitest";
import { rankUpdateReference } from "../../../src/kernels/products/rankUpdate.reference.ts";

const w = [1, 2, 3, 4, 5, 6];
const u = [1, 2, 10, 20]; // [rank 2, inputs 2]
const v = [1, 2, 3, 4, 5, 6]; // [rank 2, outputs 3]
const shape = { inputs: 2, outputs: 3, rank: 2 } as const;

test("adds Uᵀ V to W [inputs, outputs]", () => {
  const added = rankUpdateReference(w, u, v, { ...shape, layout: "[inputs, outputs]", sign: "+" });
  expect([...added]).toEqual([1 + 41, 2 + 52, 3 + 63, 4 + 82, 5 + 104, 6 + 126]);
});

test("adds the transpose to W [outputs, inputs]", () => {
  const added = rankUpdateReference(w, u, v, { ...shape, layout: "[outputs, inputs]", sign: "+" });
  expect([...added]).toEqual([1 + 41, 2 + 82, 3 + 52, 4 + 104, 5 + 63, 6 + 126]);
});

test("subtracting takes the update back and W itself is not changed", () => {
  for (const layout of ["[inputs, outputs]", "[outputs, inputs]"] as const) {
    const added = rankUpdateReference(w, u, v, { ...shape, layout, sign: "+" });
    expect([...rankUpdateReference(added, u, v, { ...shape, layout, sign: "-" })]).toEqual(w);
  }
  expect(w).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a rank of 0 changes nothing", () => {
  const none = { ...shape, rank: 0, layout: "[inputs, outputs]", sign: "+" } as const;
  expect([...rankUpdateReference(w, [], [], none)]).toEqual(w);
});
