import { expect } from "vitest";
import { readNpz } from "../../../src/data/archive/npz.ts";
import type { NpyArray } from "../../../src/data/archive/npz.ts";
import type { LayoutOptions } from "../../../src/engine/checkpoint/layout.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import type { Site } from "../../../src/engine/architecture/sites.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";
import { mlpOutDelta } from "./deltas.ts";
import { expectClose } from "./expectClose.ts";
import { type GoldenWeights, goldenWeights, weightChecks } from "./weightChecks.ts";

/** Tiny random checkpoints whose numbers PyTorch computed: see test/golden/README.md. */
export const checkpoints = [
  "tiny-gpt2",
  "tiny-gpt2-untied",
  "tiny-gptj",
  "tiny-neox",
  "tiny-neox-sequential",
] as const;

interface Engine {
  prompts: string[];
  tokens: number[][];
  targets: string[];
  target_tokens: number[][];
  layer: number;
  added: Record<Site, [layer: number, token: number]>;
  replaced: Record<Site, [layer: number, token: number]>;
  greedy: number[][];
}

export interface Golden {
  model: Model;
  engine: Engine;
  arrays: Record<string, NpyArray>;
  weights: GoldenWeights;
}

/** Loads a checkpoint and its numbers; `files` reads a folder of test/golden. */
export async function openGolden(
  runtime: Runtime,
  files: (folder: string) => ModelFiles,
  name: string,
  options?: LayoutOptions,
): Promise<Golden> {
  const numbers = files(`numbers/${name}`);
  const engine = JSON.parse(new TextDecoder().decode(await numbers.read("engine.json"))) as Engine;
  const arrays = readNpz(await numbers.read("engine.npz"));
  const weights = await goldenWeights(numbers);
  const model = await Model.load(runtime, files(`checkpoints/${name}`), options);
  return { model, engine, arrays, weights };
}

/** Zeros after each row's end, as the golden arrays have. */
function withoutPadding(values: Float32Array, lengths: number[], width: number): Float32Array {
  const tokens = Math.max(...lengths);
  const result = values.slice();
  lengths.forEach((length, row) => {
    result.fill(0, (row * tokens + length) * width, (row + 1) * tokens * width);
  });
  return result;
}

export function checkTokens({ model, engine }: Golden): void {
  expect(engine.prompts.map((prompt) => model.tokenizer.encode(prompt))).toEqual(engine.tokens);
  expect(engine.targets.map((target) => model.tokenizer.encode(target))).toEqual(
    engine.target_tokens,
  );
}

/** Every site of every layer, in a batch of unequal rows. */
export async function checkSites({ model, engine, arrays }: Golden): Promise<void> {
  const names = Object.keys(arrays).filter((name) =>
    /^(embed|(attn|key|mlp|hidden)\.\d)$/.test(name),
  );
  const watch = names.map((name) => {
    const [site, layer] = name.split(".");
    return { site: site as Site, layer: Number(layer ?? 0) };
  });
  const { watched } = await model.run({ tokens: engine.tokens, watch });
  const lengths = engine.tokens.map((row) => row.length);
  names.forEach((name, i) => {
    const width = arrays[name].shape[2];
    expectClose(withoutPadding(watched[i], lengths, width), arrays[name], name);
  });
}

/** Log-probabilities at every position, against the golden logits. */
export async function checkLogits({ model, engine, arrays }: Golden, name = "logits", run = {}) {
  const readout = engine.tokens.flatMap((row, r) => row.map((_, token) => ({ row: r, token })));
  const result = await model.run({ tokens: engine.tokens, readout, ...run });
  const { shape, data } = arrays[name];
  const [, tokens, vocab] = shape;
  const expected = readout.flatMap(({ row, token }) => {
    const at = (row * tokens + token) * vocab;
    return [...logSoftmax((data as Float32Array).subarray(at, at + vocab))];
  });
  const golden = {
    shape: [expected.length],
    dtype: "f4" as const,
    data: new Float32Array(expected),
  };
  expectClose(result.readout, golden, name);
}

function logSoftmax(logits: Float32Array): Float32Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return logits.map((value) => value - most - Math.log(sum));
}

/** Logits after adding a pattern at some sites, and after replacing others by one. */
export async function checkInterventions(golden: Golden): Promise<void> {
  const { engine, arrays } = golden;
  for (const [mode, places] of [
    ["add", engine.added],
    ["replace", engine.replaced],
  ] as const) {
    const interventions = Object.entries(places).map(([site, [layer, token]]) => ({
      site: site as Site,
      layer,
      tokens: [token],
      mode,
      values: arrays[`pattern.${site}`].data as Float32Array,
    }));
    const name = mode === "add" ? "logits_added" : "logits_replaced";
    await checkLogits(golden, name, { interventions });
  }
}

/** Gradients of the mean NLL and of a KL by every site of one layer and its MLP output matrix. */
export async function checkGradients({ model, engine, arrays }: Golden): Promise<void> {
  const { layer } = engine;
  const rows = engine.tokens.map((row, r) => [...row, ...engine.target_tokens[r].slice(0, -1)]);
  const count = engine.target_tokens.flat().length;
  const nll = engine.target_tokens.flatMap((target, row) =>
    target.map((id, j) => ({
      row,
      token: engine.tokens[row].length - 1 + j,
      target: id,
      weight: 1 / count,
    })),
  );
  const first = await model.run({ tokens: rows, readout: [{ row: 0, token: 0 }] });
  const kl = [{ row: 0, token: engine.tokens[0].length - 1, reference: first.readout, weight: 1 }];
  const sites = ["embed", "hidden", "attn", "mlp", "key"] as const;
  const wrt = [...sites.map((site) => ({ site, layer })), { weight: mlpOutName(model, layer) }];
  const losses = {
    gradient: { nll },
    gradient_kl: { nll: nll.map((term) => ({ ...term, weight: 0 })), kl },
  };
  for (const [name, loss] of Object.entries(losses)) {
    const result = await model.gradient({ tokens: rows }, loss, wrt);
    expectClose([result.loss], arrays[`${name}.loss`], `${name}.loss`);
    [...sites, "mlpOut"].forEach((site, i) => {
      expectClose(result.gradients[i], arrays[`${name}.${site}`], `${name}.${site}`);
    });
  }
}

export async function checkGreedy({ model, engine }: Golden): Promise<void> {
  for (const [i, tokens] of engine.tokens.entries()) {
    const [row] = await model.generate([tokens], { newTokens: engine.greedy[i].length });
    expect(row.slice(tokens.length)).toEqual(engine.greedy[i]);
  }
}

/** A run that starts from a kept prefix, against one that computes everything. */
export async function checkPrefix({ model, engine }: Golden): Promise<void> {
  const [tokens] = engine.tokens;
  const readout = [{ row: 0, token: tokens.length - 1 }];
  const whole = await model.run({ tokens: [tokens], readout });
  const start = await model.run({ tokens: [tokens.slice(0, 5)], keep: true });
  const before = model.cost.blockTokens;
  const rest = await model.run({
    tokens: [tokens],
    prefix: { kept: start.kept!, rows: [0], token: 5 },
    readout,
    keep: true,
  });
  expect(model.cost.blockTokens - before).toBe((tokens.length - 5) * model.config.layers);
  expect(rest.readout).toBeAllclose(whole.readout, { rtol: 0, atol: 1e-4 });
  const again = await model.run({
    tokens: [tokens],
    prefix: { kept: rest.kept!, rows: [0], token: tokens.length - 1 },
    readout,
  });
  expect(again.readout).toBeAllclose(whole.readout, { rtol: 0, atol: 1e-4 });
  start.kept!.dispose();
  rest.kept!.dispose();
}

/** Branches of a kept run, against runs from the start with the same interventions. */
export async function checkBranches({ model, engine }: Golden): Promise<void> {
  const tokens = [engine.tokens[0], [...engine.tokens[0]].reverse()];
  const last = tokens[0].length - 1;
  const { dModel, dMlp, layers } = model.config;
  const { kept } = await model.run({ tokens, keep: true });
  const vector = (width: number, rows = 1) =>
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i + 1));
  const at = (
    site: Exclude<Site, "embed">,
    layer: number,
    token: number,
    mode: "add" | "replace",
  ) => ({
    site,
    layer,
    token,
    mode,
    values: vector(site === "key" ? dMlp : dModel, token % 2 ? 2 : 1),
  });
  const branches = [
    [at("hidden", 0, 3, "replace")],
    [at("hidden", 1, 3, "replace"), at("hidden", 2, 5, "replace")],
    [at("mlp", 0, 3, "replace"), at("mlp", 1, 3, "replace")],
    [at("attn", 1, 4, "add")],
    [at("key", 0, 4, "add"), at("mlp", 2, last, "replace")],
    [at("hidden", 0, 2, "add"), at("attn", 0, 6, "replace")],
    [at("hidden", layers - 1, 2, "replace")],
    [at("hidden", layers - 1, last, "replace")],
  ].map((interventions) => ({ interventions }));
  const readout = [
    { token: 3, target: 7 },
    { token: last, target: 11 },
  ];
  const found = await model.branch(kept!, branches, readout);
  for (const [b, { interventions }] of branches.entries()) {
    const expected = await model.run({
      tokens,
      interventions: interventions.map(({ token, ...rest }) => ({ ...rest, tokens: [token] })),
      readout: tokens.flatMap((_, row) => readout.map((r) => ({ row, ...r }))),
    });
    const size = tokens.length * readout.length;
    expect(found.subarray(b * size, (b + 1) * size), `branch ${b}`).toBeAllclose(expected.readout, {
      rtol: 0,
      atol: 1e-4,
    });
  }
  kept!.dispose();
}

/** A continuation's loss and gradient, against a whole run with the same vectors added. */
export async function checkContinuation({ model, engine }: Golden): Promise<void> {
  const { layer } = engine;
  const { dModel } = model.config;
  const { tokens } = engine;
  const starts = [4, 2, 3];
  const groups = [0, 1, 0];
  const added = Float32Array.from({ length: 2 * dModel }, (_, i) => Math.cos(i));
  const nll = tokens.map((row, r) => ({
    row: r,
    token: row.length - 1,
    target: 5 + r,
    weight: 0.5,
  }));
  const { kept } = await model.run({ tokens, keep: true });
  const continuation = await model.continuation(kept!, { layer, starts, groups });
  const [reference] = [
    await continuation.logProbabilities(new Float32Array(2 * dModel), [{ row: 1, token: 2 }]),
  ];
  const loss = { nll, kl: [{ row: 1, token: 2, reference, weight: 0.7 }] };
  const before = model.cost.blockTokens;
  const found = await continuation.evaluate(added, loss);
  const width = Math.max(...tokens.map((row, r) => row.length - starts[r]));
  expect(model.cost.blockTokens - before).toBe(
    tokens.length * width * (model.config.layers - 1 - layer),
  );
  const interventions = tokens.map((_, row) => ({
    site: "mlp" as const,
    layer,
    rows: [row],
    tokens: [starts[row]],
    mode: "add" as const,
    values: added.slice(groups[row] * dModel, (groups[row] + 1) * dModel),
  }));
  const whole = await model.gradient({ tokens, interventions }, loss, [{ site: "mlp", layer }]);
  const rowSize = Math.max(...tokens.map((row) => row.length)) * dModel;
  const expected = new Float32Array(2 * dModel);
  starts.forEach((start, row) => {
    for (let i = 0; i < dModel; i++) {
      expected[groups[row] * dModel + i] += whole.gradients[0][row * rowSize + start * dModel + i];
    }
  });
  const total = found.nll.reduce((sum, value) => sum + 0.5 * value, 0) + 0.7 * found.kl[0];
  expect(total).toBeCloseTo(whole.loss, 4);
  expect(found.gradient).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-5 });
  // Rows that go through in parts give the same; the groups' gradients are sums over all parts.
  const split = await model.continuation(kept!, { layer, starts, groups, mostSaved: 1 });
  const again = await split.evaluate(added, loss);
  expect(again.nll).toBeAllclose(found.nll, { rtol: 1e-5, atol: 1e-5 });
  expect(again.kl).toBeAllclose(found.kl, { rtol: 1e-4, atol: 1e-5 });
  expect(again.gradient).toBeAllclose(found.gradient, { rtol: 1e-4, atol: 1e-5 });
  const at = [
    { row: 2, token: 4 },
    { row: 0, token: 5 },
    { row: 1, token: 3 },
  ];
  expect(await split.logProbabilities(added, at)).toBeAllclose(
    await continuation.logProbabilities(added, at),
    { rtol: 1e-4, atol: 1e-4 },
  );
  kept!.dispose();
}

/** An active delta, against the same change added to the MLP's output by hand. */
export async function checkDeltas({ model, engine }: Golden): Promise<void> {
  const { layer } = engine;
  const { dModel, dMlp } = model.config;
  const tokens = [engine.tokens[0]];
  const readout = [{ row: 0, token: tokens[0].length - 1 }];
  const base = await model.run({ tokens, watch: [{ site: "key", layer }], readout });
  const wave = (n: number, by: number) =>
    Float32Array.from({ length: n }, (_, i) => 0.1 * Math.sin(by * (i + 1)));
  const one = { rank: 1, u: wave(dMlp, 1), v: wave(dModel, 2) };
  const two = { rank: 2, u: wave(2 * dMlp, 3), v: wave(2 * dModel, 4) };
  const change = new Float32Array(tokens[0].length * dModel);
  for (const { rank, u, v } of [one, two]) {
    for (let r = 0; r < rank; r++) {
      tokens[0].forEach((_, t) => {
        let dot = 0;
        for (let i = 0; i < dMlp; i++) dot += base.watched[0][t * dMlp + i] * u[r * dMlp + i];
        for (let i = 0; i < dModel; i++) change[t * dModel + i] += dot * v[r * dModel + i];
      });
    }
  }
  const positions = tokens[0].map((_, t) => t);
  const byHand = await model.run({
    tokens,
    readout,
    interventions: [{ site: "mlp", layer, tokens: positions, mode: "add", values: change }],
  });
  model.setDeltas([one, two].map((change) => mlpOutDelta(model, layer, change)));
  const edited = await model.run({ tokens, readout });
  model.setDeltas([]);
  const restored = await model.run({ tokens, readout });
  expect(edited.readout).toBeAllclose(byHand.readout, { rtol: 0, atol: 1e-4 });
  expect(edited.readout).not.toEqual(base.readout);
  expect(restored.readout).toEqual(base.readout);
}

/** What every provider must pass. */
export const checks = {
  "token ids": (golden: Golden) => Promise.resolve(checkTokens(golden)),
  "every site": checkSites,
  logits: (golden: Golden) => checkLogits(golden),
  interventions: checkInterventions,
  gradients: checkGradients,
  "greedy generation": checkGreedy,
  "a run on a kept prefix": checkPrefix,
  branches: checkBranches,
  "a continuation": checkContinuation,
  deltas: checkDeltas,
  ...weightChecks,
};
