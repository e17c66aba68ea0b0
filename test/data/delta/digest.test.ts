import { expect, test } from "vitest";
import type { WeightDelta } from "../../../src/data/delta/delta.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";

const numbers = (...values: number[]) => Float32Array.from(values);
const low: WeightDelta = {
  weight: "transformer.h.3.mlp.c_proj.weight",
  change: { rank: 1, u: numbers(1, 2), v: numbers(3, 4, 5) },
};
const dense: WeightDelta = {
  weight: "transformer.ln_f.bias",
  change: { shape: [2], dense: numbers(1, 2) },
};

test("a digest is of what is changed, in any order and wherever its numbers lie", async () => {
  const digest = await deltaDigest({ weights: [low, dense] });
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const within = numbers(0, 1, 2).subarray(1);
  const moved = { ...low, norm: 0.5, change: { ...low.change, u: within } } as WeightDelta;
  expect(await deltaDigest({ weights: [dense, moved] })).toBe(digest);
});

test("another number, weight, rank or shape is another digest", async () => {
  const all = [
    [low],
    [dense],
    [{ ...low, weight: "transformer.h.4.mlp.c_proj.weight" }],
    [{ ...low, change: { rank: 1, u: numbers(1, 2.5), v: numbers(3, 4, 5) } }],
    [{ ...low, change: { rank: 1, u: numbers(1, 2, 3), v: numbers(4, 5) } }],
    [{ ...dense, change: { shape: [1, 2], dense: numbers(1, 2) } }],
  ];
  const digests = await Promise.all(all.map((weights) => deltaDigest({ weights })));
  expect(new Set(digests).size).toBe(all.length);
});
