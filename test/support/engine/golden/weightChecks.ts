import { expect } from "vitest";
import { type NpyArray, readNpz } from "../../../../src/data/archive/npz.ts";
import type { WeightDelta } from "../../../../src/data/delta/delta.ts";
import type { ModelFiles } from "../../../../src/engine/files/ModelFiles.ts";
import type { Loss, Model } from "../../../../src/engine/Model.ts";
import { expectClose } from "./expectClose.ts";

/** A change of a weight as waves, which test/golden/weights.py makes too. */
interface GoldenChange {
  weight: string;
  shape: number[];
  rank: number | null;
  seed: number;
  scale: number;
}

export interface GoldenWeights {
  layer: number;
  changes: GoldenChange[];
  arrays: Record<string, NpyArray>;
}

interface Golden {
  model: Model;
  engine: { tokens: number[][]; target_tokens: number[][] };
  weights: GoldenWeights;
}

export async function goldenWeights(numbers: ModelFiles): Promise<GoldenWeights> {
  const text = new TextDecoder().decode(await numbers.read("weights.json"));
  const about = JSON.parse(text) as Omit<GoldenWeights, "arrays">;
  return { ...about, arrays: readNpz(await numbers.read("weights.npz")) };
}

/** The change as a delta has it. */
export function waveDelta({ weight, shape, rank, seed, scale }: GoldenChange): WeightDelta {
  const wave = (n: number, by: number) =>
    Float32Array.from({ length: n }, (_, i) => scale * Math.sin(seed + by * (i + 1)));
  const size = shape.reduce((product, n) => product * n, 1);
  if (rank === null) return { weight, change: { shape, dense: wave(size, 0.7) } };
  return { weight, change: { rank, u: wave(rank * shape[0], 0.7), v: wave(rank * shape[1], 1.3) } };
}

/** Every weight that these gradients of the golden arrays are of. */
const gradientNames = ({ arrays }: GoldenWeights) =>
  Object.keys(arrays).flatMap((name) => /^gradient\.(.*)$/.exec(name)?.[1] ?? []);

function lossOf({ engine }: Golden): { tokens: number[][]; loss: Loss } {
  const tokens = engine.tokens.map((row, r) => [...row, ...engine.target_tokens[r].slice(0, -1)]);
  const count = engine.target_tokens.flat().length;
  const nll = engine.target_tokens.flatMap((targets, row) =>
    targets.map((target, j) => {
      const token = engine.tokens[row].length - 1 + j;
      return { row, token, target, weight: 1 / count };
    }),
  );
  return { tokens, loss: { nll } };
}

async function checkGradientsByWeight(golden: Golden, prefix = ""): Promise<void> {
  const { model, weights } = golden;
  const { tokens, loss } = lossOf(golden);
  const names = gradientNames(weights);
  expect(names.length).toBeGreaterThan(8);
  const wrt = names.map((weight) => ({ weight }));
  const found = await model.gradient({ tokens }, loss, wrt);
  expectClose([found.loss], weights.arrays[`${prefix}loss`], "the loss");
  names.forEach((name, i) => {
    expectClose(found.gradients[i], weights.arrays[`${prefix}gradient.${name}`], name);
  });
}

/** What goes into each linear map, and the gradient of what comes out. */
async function checkLinearParts(golden: Golden): Promise<void> {
  const { model, weights } = golden;
  const { tokens, loss } = lossOf(golden);
  const lengths = tokens.map((row) => row.length);
  for (const part of ["input", "output"] as const) {
    const names = Object.keys(weights.arrays).filter((name) => name.startsWith(`${part}.`));
    expect(names.length).toBeGreaterThan(3);
    const wrt = names.map((name) => ({ weight: name.slice(part.length + 1), part }));
    const { gradients } = await model.gradient({ tokens }, loss, wrt);
    names.forEach((name, i) => {
      const { shape } = weights.arrays[name];
      const width = shape[2];
      lengths.forEach((length, row) => {
        const end = (row + 1) * shape[1] * width;
        gradients[i].fill(0, (row * shape[1] + length) * width, end); // padding
      });
      expectClose(gradients[i], weights.arrays[name], name);
    });
  }
}

/** Changes of every weight of a block and of all outside it, against a model that has them in its checkpoint. */
async function checkChanges(golden: Golden): Promise<void> {
  const { model, weights } = golden;
  const { tokens } = lossOf(golden);
  const readout = golden.engine.tokens.map((row, r) => ({ row: r, token: row.length - 1 }));
  const before = await model.run({ tokens, readout });
  expectClose(before.readout, weights.arrays.log_p, "log p");
  model.setDeltas(weights.changes.map(waveDelta));
  try {
    const after = await model.run({ tokens, readout });
    expectClose(after.readout, weights.arrays["changed.log_p"], "log p of the changed model");
    await checkGradientsByWeight(golden, "changed.");
  } finally {
    model.setDeltas([]);
  }
  expect((await model.run({ tokens, readout })).readout).toEqual(before.readout);
}

/** Several changes of a weight are their sum. */
async function checkStacks({ model, engine, weights }: Golden): Promise<void> {
  const tokens = [engine.tokens[0]];
  const readout = [{ row: 0, token: tokens[0].length - 1 }];
  const { weight, shape } = weights.changes.find(({ weight }) =>
    /\.1\.mlp\.\w+\.weight$/.test(weight),
  )!;
  const wave = (rank: number | null, seed: number) =>
    waveDelta({ weight, shape, rank, seed, scale: 0.1 });
  const logs = async (deltas: WeightDelta[]) => {
    model.setDeltas(deltas);
    return (await model.run({ tokens, readout })).readout;
  };
  const [low, dense] = [wave(1, 3), wave(null, 4)];
  const zero = { weight, change: { shape, dense: new Float32Array(shape[0] * shape[1]) } };
  const factors = await logs([low, wave(1, 5)]);
  expect(await logs([low, zero, wave(1, 5)])).toBeAllclose(factors, { rtol: 1e-4, atol: 1e-4 });
  const mixed = await logs([low, dense]);
  expect(await logs([dense, low])).toEqual(mixed);
  expect(mixed).not.toEqual(await logs([dense]));
  model.setDeltas([]);
}

/** What every provider and precision must pass. */
export const weightChecks = {
  "gradients by every weight": (golden: Golden) => checkGradientsByWeight(golden),
  "what goes into linear maps and comes back": checkLinearParts,
  "changes of any weight": checkChanges,
  "several changes of a weight": checkStacks,
};
