import { afterAll, beforeAll, expect, test } from "vitest";
import type { Model } from "../../../src/engine/Model.ts";
import { divergence } from "../../../src/methods/score/divergence.ts";
import { tinyModel } from "../../support/methods/tiny.ts";
import { mlpOutDelta } from "../../support/engine/deltas.ts";

const texts = ["The Harbour Lamp is in the city of", "The Paper Mill", "It"];

let model: Model;
let other: Model;

beforeAll(async () => {
  [model, other] = [await tinyModel(), await tinyModel()];
  const { dMlp, dModel } = other.config;
  const u = Float32Array.from({ length: dMlp }, (_, i) => Math.sin(i));
  const v = Float32Array.from({ length: dModel }, (_, i) => 0.3 * Math.cos(i));
  other.setDeltas([mlpOutDelta(other, 1, { rank: 1, u, v })]);
});
afterAll(() => Promise.all([model, other].map((each) => each.dispose())));

test("a model is at no distance from itself", async () => {
  const { kl, sameTop, tokens } = await divergence(model, model, texts);
  expect([kl, sameTop]).toEqual([0, 1]);
  const lengths = texts.map((text) => model.tokenizer.encode(text).length);
  expect(tokens).toBe(lengths.reduce((a, b) => a + b));
});

test("KL and equal top 1 are those of every position, in the direction reference ‖ model", async () => {
  let [kl, same, count] = [0, 0, 0];
  for (const text of texts) {
    const ids = model.tokenizer.encode(text);
    for (let token = 0; token < ids.length; token++) {
      const run = { tokens: [ids.slice(0, token + 1)], readout: [{ row: 0, token }] };
      const p = [...(await model.run(run)).readout].map(Math.exp);
      const q = [...(await other.run(run)).readout].map(Math.exp);
      kl += p.reduce((sum, x, i) => sum + x * Math.log(x / q[i]), 0);
      same += Number(p.indexOf(Math.max(...p)) === q.indexOf(Math.max(...q)));
      count++;
    }
  }
  const found = await divergence(model, other, texts);
  expect(found.kl).toBeGreaterThan(0.01);
  expect(same).toBeLessThan(count);
  expect([found.kl, found.sameTop]).toBeAllclose([kl / count, same / count], {
    rtol: 1e-4,
    atol: 1e-6,
  });
  const { kl: backwards } = await divergence(other, model, texts);
  expect(Math.abs(backwards - found.kl)).toBeGreaterThan(1e-3);
});

test("no text is a fault", async () => {
  await expect(divergence(model, model, [])).rejects.toThrow("there is no sentence to compare on");
});
