import type { NpzStream } from "../../data/archive/npzStream.ts";
import { SymmetricTiles } from "../../kernels/covariance/SymmetricTiles.ts";

const DIAGONAL = "mom2.diagonal";
const CORRELATION = "mom2.correlation";
/** The code of a correlation of 1. */
const ONE = 32_767;

/** Whether an archive holds statistics in the compact form. */
export const isCompact = ({ names }: Pick<NpzStream, "names">): boolean =>
  names.includes(CORRELATION);

/** How the sum of a compact file is read. */
export interface CompactOptions {
  /** Throws where keys of n numbers are none of the model's; asked before the sum is made. */
  checkSize: (n: number, label: string) => void;
  /** Told after some entries, and may throw to stop. */
  onEntries: (done: number, total: number) => void;
}

/**
 * The sum Σ k kᵀ [n, n] of a file in the compact form (METHODS 3): `mom2.diagonal` [n], the diagonal d in float32, and
 * `mom2.correlation` [n (n − 1) / 2], row after row what stands left of the diagonal, each entry as the whole number of
 * 16 bits that is nearest to 32767 Σ k_i k_j / √(d_i d_j).
 *
 * @throws one sentence: a member is missing, misshapen or damaged, the diagonal is not positive, or a correlation is
 *   beyond 1
 */
export async function readCompactSum(
  npz: NpzStream,
  { checkSize, onEntries }: CompactOptions,
): Promise<SymmetricTiles> {
  const roots = await readRoots(npz, checkSize);
  const n = roots.length;
  const total = (n * (n - 1)) / 2;
  let sum: SymmetricTiles | undefined;
  let [done, i, j] = [0, 1, 0];
  await npz.list(
    CORRELATION,
    ({ shape, dtype }) => {
      if (dtype !== "i2" || shape.length !== 1 || shape[0] !== total)
        throw wrong(npz, CORRELATION, `is not the ${total} int16 that keys of ${n} numbers have`);
      // Not before: a short diagonal of a large model would have room made for gigabytes.
      sum = withDiagonal(roots);
    },
    (codes) => {
      for (const code of codes) {
        if (code < -ONE) throw wrong(npz, CORRELATION, "holds a correlation beyond 1");
        sum!.setLower(i, j, (code / ONE) * roots[i] * roots[j]);
        if (++j === i) [i, j] = [i + 1, 0];
      }
      onEntries((done += codes.length), total);
    },
  );
  return sum!;
}

function withDiagonal(roots: Float64Array): SymmetricTiles {
  const sum = new SymmetricTiles(roots.length);
  roots.forEach((root, i) => sum.setLower(i, i, root ** 2));
  return sum;
}

/** The square roots of the diagonal [n]. */
async function readRoots(
  npz: NpzStream,
  checkSize: CompactOptions["checkSize"],
): Promise<Float64Array> {
  let roots = new Float64Array();
  let filled = 0;
  await npz.list(
    DIAGONAL,
    ({ shape, dtype }) => {
      if (dtype !== "f4" || shape.length !== 1 || shape[0] < 1)
        throw wrong(npz, DIAGONAL, "is no list of float32");
      checkSize(shape[0], npz.label(DIAGONAL));
      roots = new Float64Array(shape[0]);
    },
    (values) => {
      const bad = values.findIndex((value) => !(value > 0 && value < Infinity));
      if (bad >= 0)
        throw wrong(
          npz,
          DIAGONAL,
          `has at ${filled + bad} what is no sum of squares above 0 and finite`,
        );
      for (const value of values) roots[filled++] = Math.sqrt(value);
    },
  );
  return roots;
}

const wrong = (npz: NpzStream, name: string, how: string) =>
  new Error(`${npz.label(name)} ${how}; get or collect these statistics again`);
