import { expect } from "vitest";
import type { Site } from "../../../../src/engine/architecture/sites.ts";
import { expectClose } from "./expectClose.ts";
import type { Golden } from "./goldenModel.ts";

/** Zeros after each row's end, as the golden arrays have. */
function withoutPadding(values: Float32Array, lengths: number[], width: number): Float32Array {
  const tokens = Math.max(...lengths);
  const result = values.slice();
  lengths.forEach((length, row) => {
    result.fill(0, (row * tokens + length) * width, (row + 1) * tokens * width);
  });
  return result;
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

/** What a run must pass. */
export const runChecks = {
  "every site": checkSites,
  logits: (golden: Golden) => checkLogits(golden),
  interventions: checkInterventions,
  "a run on a kept prefix": checkPrefix,
};
