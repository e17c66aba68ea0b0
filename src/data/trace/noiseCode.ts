import type { Noise } from "./Noise.ts";

/**
 * The authors' codes for the scale of the noise (METHODS 2.4): `3s` or `s3` is 3 σ of the subjects'
 * embeddings, `s` is 1 σ, `0.1` a fixed level, `u0.1` uniform on ±0.1.
 *
 * @throws `invalid noise: …`
 */
export function parseNoise(code: string): Noise {
  const text = code.trim();
  const [, multiple] = /^(?:s(.*)|(.*)s)$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  if (multiple !== undefined) {
    return { kind: "sigma", factor: multiple === "" ? 1 : amount(multiple, text) };
  }
  if (text.startsWith("u")) return { kind: "uniform", level: amount(text.slice(1), text) };
  return { kind: "level", level: amount(text, text) };
}

/** A noise as {@link parseNoise} reads it. */
export function noiseText(noise: Noise): string {
  if (noise.kind === "sigma") return `${noise.factor}s`;
  return `${noise.kind === "uniform" ? "u" : ""}${noise.level}`;
}

function amount(text: string, code: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new Error(
    `invalid noise: ${code || "nothing"} (3s for 3 σ, 0.1 for a level, u0.1 for uniform noise)`,
  );
}
