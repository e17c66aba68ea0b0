import { choleskyInPlace } from "./cholesky.reference.ts";
import { Factor } from "./Factor.ts";
import type { Gpu } from "../device/Gpu.ts";
import { addRowProducts } from "../products/rowProducts.ts";
import type { SymmetricTiles } from "../covariance/SymmetricTiles.ts";
import { choleskySolveReference } from "./triangularSolve.reference.ts";

/** How (λC + KKᵀ) x = K is solved: by the factor of C and Woodbury's identity, or by a factorisation of its own. */
export type Route = "woodbury" | "fresh";

/** The sizes that decide about the route. */
export interface RouteSize {
  n: number;
  columns: number;
  /** Whether a factor of C is at hand. */
  factorAtHand: boolean;
  /** Whether factors are made on a GPU; what is left to the CPU then weighs more. */
  onGpu: boolean;
}

/** One operation in float64 on the CPU takes as long as so many on a GPU; about 2 · 10⁹ against 10¹² a second. */
const cpuWeight = 500;

/**
 * The cheaper route, by counts of multiplications and additions with N keys of n numbers:
 *
 * - woodbury: n³/3 for the factor of C where it is not at hand, 2n²N for B = C⁻¹K; and on the CPU nN² for I + KᵀB, N³/3
 *   for its factor and 2nN² for B times its inverse;
 * - fresh: n²N for KKᵀ, n³/3 for the factor, 2n²N for the solve.
 */
export function chooseRoute({ n, columns, factorAtHand, onGpu }: RouteSize): Route {
  const factor = n ** 3 / 3;
  const small = (onGpu ? cpuWeight : 1) * (3 * n * columns ** 2 + columns ** 3 / 3);
  const solve = 2 * n ** 2 * columns;
  const woodbury = (factorAtHand ? 0 : factor) + solve + small;
  return woodbury <= factor + n ** 2 * columns + solve ? "woodbury" : "fresh";
}

/** A system (scale · c + K Kᵀ) x = K. */
export interface KeySystem {
  c: SymmetricTiles;
  /** λ / count, where c is a sum over count tokens. */
  scale: number;
  /** K [n, columns], row-major. */
  keys: Float64Array;
  columns: number;
  /** A factor of c times any scale, at hand; the Woodbury route solves with it. */
  factor?: Factor | undefined;
  /** Makes such a factor, for the caller to keep, when the Woodbury route needs one that is not at hand. */
  makeFactor?: () => Promise<Factor>;
  gpu?: Gpu | undefined;
  /** Default: the cheaper one. */
  route?: Route;
}

/**
 * Many facts' keys, solved: x = (λC + KKᵀ)⁻¹ K [n, columns] (METHODS 5.4), as good as in float64.
 *
 * By Woodbury's identity x = B (I + KᵀB)⁻¹ with B = C⁻¹K / λ, whose small system is solved in float64, or with a fresh
 * factor of λC + KKᵀ (METHODS 5.6). A ridge of the factor counts as part of C. Throws where a matrix is not positive
 * definite.
 */
export async function solveKeys(system: KeySystem): Promise<{ x: Float64Array; route: Route }> {
  const { c, scale, keys, columns, factor, gpu } = system;
  if (keys.length !== c.n * columns)
    throw new Error(
      `invalid keys: ${keys.length} numbers (expected ${c.n} × ${columns} = ${c.n * columns})`,
    );
  if (!(scale > 0)) throw new Error(`invalid scale: ${scale} (above 0)`);
  const size = { n: c.n, columns, factorAtHand: factor !== undefined, onGpu: gpu !== undefined };
  const route = system.route ?? chooseRoute(size);
  return { x: await (route === "woodbury" ? byWoodbury(system) : byFreshFactor(system)), route };
}

async function byFreshFactor({ c, scale, keys, columns, factor: ofC, gpu }: KeySystem) {
  const ridge = ofC ? (ofC.ridge * scale) / ofC.scale : 0;
  const all = { scale, ridge, keys: { data: keys, count: columns }, gpu };
  const factor = await Factor.of(c, all);
  try {
    return await factor.solve(keys, columns);
  } finally {
    factor.dispose();
  }
}

async function byWoodbury(system: KeySystem): Promise<Float64Array> {
  const { c, scale, keys, columns, gpu, makeFactor } = system;
  const given = system.factor ?? (await makeFactor?.());
  const factor = given ?? (await Factor.of(c, { scale, gpu }));
  try {
    const solved = await factor.solve(keys, columns);
    return smallSolve(keys, scaled(solved, factor.scale / scale), [c.n, columns]);
  } finally {
    if (!given) factor.dispose();
  }
}

const scaled = (a: Float64Array, factor: number) => a.map((x) => factor * x);

/** B (I + KᵀB)⁻¹ for K and B [n, columns]; I + KᵀB is symmetric and positive definite, as B = A⁻¹K is. */
function smallSolve(
  keys: Float64Array,
  b: Float64Array,
  [n, columns]: [n: number, columns: number],
): Float64Array {
  const rows = transposed(b, n, columns);
  const small = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) small[i * columns + i] = 1;
  addRowProducts({
    c: { data: small, offset: 0, stride: columns },
    a: { data: transposed(keys, n, columns), offset: 0, stride: n },
    b: { data: rows, offset: 0, stride: n },
    rows: columns,
    columns,
    depth: n,
    sign: 1,
    lower: true,
  });
  const bad = choleskyInPlace(small, columns);
  if (bad)
    throw new Error(
      `the keys cannot be solved: pivot ${bad.index} of I + KᵀC⁻¹K is ${bad.pivot.toPrecision(3)}; add a ridge to C`,
    );
  return transposed(choleskySolveReference(small, columns, rows, n), columns, n);
}

/** a [rows, columns] as [columns, rows]. */
function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j];
  }
  return result;
}
