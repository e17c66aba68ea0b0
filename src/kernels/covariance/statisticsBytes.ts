import { trialBytes } from "./covarianceTrial.ts";
import { WIDTH } from "../solve/cholesky.ts";
import { fewColumns } from "../solve/DeviceFactor.ts";
import { sideFor } from "./DeviceTiles.ts";
import { deviceSide, mostKeys } from "./deviceSum.ts";
import { mostTiles } from "../solve/residual.ts";
import { mostSides } from "../solve/RightSides.ts";
import { CHUNK, WORTH_TUNING } from "./RunningCovariance.ts";
import { SIDE, tileCount } from "./SymmetricTiles.ts";
import { productTrialBytes } from "../products/tileProducts.ts";

/** Bytes in a `Gpu`'s ledger. */
export interface StatisticsBytes {
  /** While nothing is going on. */
  held: number;
  /** At most. */
  peak: number;
}

/** A device that binds no more than so many bytes; `measured` where the fastest kernels are known already. */
export interface StatisticsDevice {
  bindingLimit: number;
  measured?: boolean;
}

/** Uniforms of one binding, aligned as devices mostly ask. */
const ALIGNED = 256;

/** What the running sums [n, n] of so many layers (`RunningCovariance`) take on a GPU. */
export function covarianceBytes(
  { bindingLimit, measured = false }: StatisticsDevice,
  { n, layers, samples }: { n: number; layers: number; samples: number },
): StatisticsBytes {
  const side = sideFor(fitting(bindingLimit));
  const tile = 4 * side ** 2;
  const tiles = tileCount(n, side);
  const perBuffer = Math.min(tiles, Math.max(1, Math.floor(bindingLimit / tile)));
  const held = layers * tiles * tile;
  const drained = tile * Math.min(Math.max(1, Math.floor(CHUNK / side ** 2)), perBuffer);
  const packed = n % 4 === 0 ? 0 : Math.min(samples, 2048) * Math.ceil(n / 4) * 16;
  const trial = measured || n < WORTH_TUNING ? 0 : trialBytes(bindingLimit);
  return { held, peak: Math.max(trial, held + Math.max(drained, packed + ALIGNED)) };
}

/** What a `Factor` of a matrix [n, n] takes on a GPU while it is made and while so many columns are solved. */
export function factorBytes(
  { bindingLimit, measured = false }: StatisticsDevice,
  { n, columns, keys = 0 }: { n: number; columns: number; keys?: number },
): StatisticsBytes {
  const gpu = { bindingLimit, ...fitting(bindingLimit) };
  const side = deviceSide(gpu, { n, side: SIDE });
  const tile = 4 * side ** 2;
  const across = Math.ceil(n / side);
  const held = tileCount(n, side) * tile;
  const added = keys > 0 ? 4 * across * side * Math.ceil(Math.min(keys, mostKeys) / 4) * 4 : 0;
  const steps = (side / WIDTH) * ALIGNED;
  const listed = ALIGNED + 16 * tileCount(Math.max(1, across - 1), 1);
  const trial = measured ? 0 : productTrialBytes;
  const panel = (Math.max(1, across - 1) + 2) * tile + 4 * WIDTH ** 2 + 8;
  const solving = solveBytes(gpu, { columns, side, across, keys });
  const most = Math.max(added, panel + Math.max(steps, listed, trial), solving);
  return { held, peak: held + most };
}

/** What a solve takes beside the factor: right-hand sides in float32, or its residual in pairs of floats. */
function solveBytes(
  gpu: { bindingLimit: number },
  { columns, side, across, keys }: { columns: number; side: number; across: number; keys: number },
): number {
  const rows = Math.ceil(Math.min(columns, mostSides(gpu, side)) / 4) * 4;
  const block = 4 * rows * side;
  const tile = 4 * side ** 2;
  const solve = across * block + Math.max(tile + block + ALIGNED + 16 * across, block);
  if (columns <= fewColumns) return solve;
  const sides = 4 * across * block; // x and y in two floats each
  const streamed =
    tile * Math.max(1, Math.min(mostTiles, across, Math.floor(gpu.bindingLimit / tile)));
  const width = Math.ceil(Math.min(keys, mostKeys) / 16) * 16;
  const ofKeys = keys > 0 ? 8 * rows * width + 8 * across * side * width : 0;
  return Math.max(solve, sides + Math.max(streamed, ofKeys, 2 * block));
}

const fitting = (bindingLimit: number) => ({ fits: (bytes: number) => bytes <= bindingLimit });
