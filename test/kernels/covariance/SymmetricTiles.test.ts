import { describe, expect, test } from "vitest";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";

const n = 7;
const dense = Float32Array.from({ length: n * n }, (_, at) => {
  const [i, j] = [Math.floor(at / n), at % n];
  return Math.max(i, j) * 10 + Math.min(i, j);
});

describe("SymmetricTiles", () => {
  for (const side of [1, 3, 7, 8]) {
    test(`gives back a dense matrix from tiles of ${side}`, () => {
      const tiles = SymmetricTiles.from(dense, n, side);
      expect(tiles.dense()).toEqual(dense);
      expect(tiles.at(2, 5)).toBe(52);
      expect(Array.from(tiles.diagonal())).toEqual([0, 11, 22, 33, 44, 55, 66]);
    });
  }

  test("takes its rows in pieces", () => {
    const tiles = new SymmetricTiles(n, 3);
    tiles.setRows(0, dense.subarray(0, 2 * n));
    tiles.setRows(2, dense.subarray(2 * n));
    expect(tiles.dense()).toEqual(dense);
  });

  test("holds little more than the lower half", () => {
    const { tiles } = new SymmetricTiles(1600, 64);
    const held = tiles.reduce((sum, tile) => sum + tile.length, 0);
    expect(held / ((1600 * 1601) / 2)).toBeLessThan(1.05);
  });

  test("refuses tiles of another matrix", () => {
    expect(() => new SymmetricTiles(n, 3, [new Float32Array(9)])).toThrow(
      "invalid tiles: 1 (a matrix of 7 has 6 of 3 × 3)",
    );
    expect(() => SymmetricTiles.from(dense, 6)).toThrow("invalid matrix: 49 numbers");
  });
});
