import systems from "../../golden/numbers/solves.json";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";

/** A covariance, keys, and what LAPACK makes of them in float64; made by test/golden/solves.py. */
export interface GoldenSystem {
  n: number;
  columns: number;
  /** Tokens in the sum: C = c / count. */
  count: number;
  /** λ. */
  weight: number;
  c: SymmetricTiles;
  /** K [n, columns]. */
  keys: Float64Array;
  /** C⁻¹K. */
  inverseKeys: Float64Array;
  /** (λC + KKᵀ)⁻¹K. */
  solved: Float64Array;
  /** The lower triangle [n, n] of C's factor, zeros above. */
  factor: Float64Array;
  /** Of C. */
  condition: number;
  effectiveRank: number;
}

/** The golden systems at condition 1e2, 1e4 and 1e6, with C in tiles of this side. */
export function goldenSystems(side: number): GoldenSystem[] {
  return systems.map((system) => {
    const { n, columns, count, weight, condition, effectiveRank } = system;
    return {
      n,
      columns,
      count,
      weight,
      condition,
      effectiveRank,
      c: SymmetricTiles.from(lowerTriangle(system.sum, n), n, side),
      keys: Float64Array.from(system.keys),
      inverseKeys: Float64Array.from(system.inverseKeys),
      solved: Float64Array.from(system.solved),
      factor: lowerTriangle(system.factor, n),
    };
  });
}

function lowerTriangle(packed: number[], n: number): Float64Array {
  const dense = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) dense[i * n + j] = packed[at++];
  }
  return dense;
}

/** ‖a - b‖ / ‖b‖. */
export function relativeError(a: Float64Array, b: Float64Array): number {
  const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  return norm(a.map((x, i) => x - b[i])) / norm(b);
}
