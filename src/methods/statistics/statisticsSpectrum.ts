import { spectrumOf } from "../../kernels/solve/condition.ts";
import type { Gpu } from "../../kernels/device/Gpu.ts";
import { frobeniusNorm } from "../../kernels/covariance/symmetricSum.ts";
import type { LayerStatistics } from "./statistics.ts";

/** How well statistics are determined. */
export interface StatisticsSpectrum {
  /** (tr C)² / ‖C‖²: dMlp where all directions are as likely, 1 where the keys have but one. */
  effectiveRank: number;
  /** Infinite where C is not positive definite; absent where finding out takes minutes. */
  conditionNumber?: number;
}

/** Without a GPU a factor of a larger C takes minutes. */
const QUICK = 3072;

/**
 * The effective rank and, where it is quick or `thorough`, the condition number of C = sum / count.
 */
export async function statisticsSpectrum(
  { sum, count, dMlp }: LayerStatistics,
  { gpu, thorough = false }: { gpu?: Gpu | undefined; thorough?: boolean } = {},
): Promise<StatisticsSpectrum> {
  const trace = sum.diagonal().reduce((total, x) => total + x, 0);
  const effectiveRank = (trace / frobeniusNorm(sum)) ** 2;
  if (count < dMlp) return { effectiveRank, conditionNumber: Infinity };
  if (!gpu && dMlp > QUICK && !thorough) return { effectiveRank };
  const { condition } = await spectrumOf(sum, { scale: 1 / count, gpu });
  return { effectiveRank, conditionNumber: condition };
}
