import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";

/** cos and sin of every position's angles [position, rotaryDim]. */
interface Angles {
  positions: number;
  cos: Float32Array;
  sin: Float32Array;
}

/** Positions that are worth computing at once. */
const FIRST = 1024;

/** They are the same for every pass of a model, and dearer than all else that a pass is fed. */
const angles = new WeakMap<ModelConfig, Angles>();

/**
 * cos and sin [rows, width, rotaryDim] of p · base^(−2i/rotaryDim) for the positions p from each row's start on; pair i's
 * angle stands at both of its dimensions (METHODS 1.2).
 */
export function rotaryTables(
  config: ModelConfig,
  starts: readonly number[],
  width: number,
): { cos: Float32Array; sin: Float32Array } {
  const n = config.rotaryDim;
  const all = anglesUpTo(config, Math.max(...starts) + width);
  const [cos, sin] = [all.cos, all.sin].map((table) => {
    const rows = new Float32Array(starts.length * width * n);
    starts.forEach((start, row) => {
      rows.set(table.subarray(start * n, (start + width) * n), row * width * n);
    });
    return rows;
  });
  return { cos, sin };
}

/** The angles of at least so many positions, and of twice as many where the model has them: what is said costs nothing. */
function anglesUpTo(config: ModelConfig, least: number): Angles {
  const known = angles.get(config);
  if (known && known.positions >= least) return known;
  const positions = Math.max(least, Math.min(2 * Math.max(least, FIRST), config.positions));
  const { rotaryDim: n, rotaryBase = 10000 } = config;
  const halves = architectureOf(config).rotation === "halves";
  const speeds = Array.from({ length: n }, (_, i) => {
    const twice = halves ? 2 * (i % (n / 2)) : i - (i % 2);
    return rotaryBase ** (-twice / n);
  });
  const angle = (_: number, at: number) => Math.floor(at / n) * speeds[at % n];
  const all = new Float64Array(positions * n).map(angle);
  const made = {
    positions,
    cos: Float32Array.from(all, Math.cos),
    sin: Float32Array.from(all, Math.sin),
  };
  angles.set(config, made);
  return made;
}
