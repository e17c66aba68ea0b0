import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";

/**
 * cos and sin [rows, width, rotaryDim] of p · base^(−2i/rotaryDim) for the positions p from each row's start on; pair i's
 * angle stands at both of its dimensions (METHODS 1.2).
 */
export function rotaryTables(
  config: ModelConfig,
  starts: readonly number[],
  width: number,
): { cos: Float32Array; sin: Float32Array } {
  const { rotaryDim: n, rotaryBase = 10000 } = config;
  const halves = architectureOf(config).rotation === "halves";
  const speeds = Array.from({ length: n }, (_, i) => {
    const twice = halves ? 2 * (i % (n / 2)) : i - (i % 2);
    return rotaryBase ** (-twice / n);
  });
  const [cos, sin] = [0, 1].map(() => new Float32Array(starts.length * width * n));
  starts.forEach((start, row) => {
    for (let t = 0; t < width; t++) {
      for (let i = 0; i < n; i++) {
        const angle = (start + t) * speeds[i];
        cos[(row * width + t) * n + i] = Math.cos(angle);
        sin[(row * width + t) * n + i] = Math.sin(angle);
      }
    }
  });
  return { cos, sin };
}
