import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../../../src/engine/Model.ts";
import { perplexity } from "../../../../src/methods/score/perplexity.ts";
import { rome } from "../../../../src/methods/edit/rome/rome.ts";
import type { RomeHyperparameters } from "../../../../src/methods/edit/rome/RomeHyperparameters.ts";
import {
  romeSequence,
  type SequenceOptions,
} from "../../../../src/methods/edit/rome/romeSequence.ts";
import { goldenNumbers, type GoldenEdit } from "../../../support/golden.ts";
import { goldenCorpus, goldenStatistics, tinyModel } from "../../../support/methods/tiny.ts";
import { factorsOf } from "../../../support/engine/deltas.ts";

vi.setConfig({ testTimeout: 120_000 });

const edits = await goldenNumbers<Record<string, GoldenEdit>>("tiny-gpt2", "rome.json");
const { request, contexts, hyperparameters: golden } = edits["subject first"];
const hyperparameters: RomeHyperparameters = {
  ...golden,
  steps: 6,
  contextLengths: [],
  factToken: "subject_last",
};
const facts = [
  request,
  { prompt: "{} was born in", subject: "Tomas Veen", target: "Lindholm" },
  { prompt: "The {} is in the city of", subject: "Paper Mill", target: "Port Vell" },
];

describe("ROME in sequence", () => {
  let model: Model;
  let neutral: string[];
  beforeAll(async () => {
    model = await tinyModel("tiny-gpt2");
    neutral = (await goldenCorpus()).slice(0, 8);
  });

  const run = (options: Partial<SequenceOptions> = {}) =>
    romeSequence(model, facts, hyperparameters, {
      statistics: () => goldenStatistics("tiny-gpt2"),
      contexts,
      seed: 1,
      neutral,
      ...options,
    });

  test("each edit is ROME's on the model that has the ones before", async () => {
    const { delta, steps } = await run();
    const statistics = await goldenStatistics("tiny-gpt2");
    const alone = (fact: number) =>
      rome(model, facts[fact], hyperparameters, { statistics, contexts, seed: 1 });
    const first = await alone(0);
    model.setDeltas(first.delta.weights);
    const second = await alone(1);
    const after = await perplexity(model, neutral);
    model.setDeltas([]);
    expect(factorsOf(delta.weights[1]).v).toBeAllclose(second.v, { rtol: 1e-5, atol: 1e-6 });
    expect([steps[0].perplexity!]).toBeAllclose([after], { rtol: 1e-5 });
    expect(steps.map(({ relativeNorm }) => relativeNorm).slice(0, 2)).toBeAllclose(
      [first.relativeNorm, second.relativeNorm],
      { rtol: 1e-4 },
    );
  });

  test("measures every so many edits and after the last, and leaves the model as it was", async () => {
    const before = await perplexity(model, neutral);
    const { steps, perplexityBefore, written } = await run({ every: 2 });
    expect(steps.map((step) => "perplexity" in step)).toEqual([false, true, true]);
    expect(perplexityBefore).toBe(before);
    expect(written).toEqual([0, 1, 2]);
    expect(await perplexity(model, neutral)).toBe(before);
  });

  test("keeps what is written when it is told that this is enough", async () => {
    const enough = new AbortController();
    const { delta, written, steps } = await run({
      enough: enough.signal,
      every: 10,
      onStep: ({ fact }) => fact === 1 && enough.abort(),
    });
    expect(written).toEqual([0, 1]);
    expect(delta.weights).toHaveLength(2);
    expect(delta.provenance.requests).toHaveLength(2);
    expect(steps).toHaveLength(2);
  });

  test("refuses an empty list", async () => {
    await expect(
      romeSequence(model, [], hyperparameters, {
        statistics: () => goldenStatistics("tiny-gpt2"),
        seed: 1,
      }),
    ).rejects.toThrow("the list of facts is empty");
  });
});

describe("perplexity", () => {
  test("is exp of the mean NLL of all tokens but the first of each text", async () => {
    const model = await tinyModel("tiny-gpt2");
    const texts = (await goldenCorpus()).slice(0, 3);
    let [sum, count] = [0, 0];
    for (const text of texts) {
      const tokens = model.tokenizer.encode(text);
      for (let t = 1; t < tokens.length; t++) {
        const at = { row: 0, token: t - 1, target: tokens[t] };
        const { readout } = await model.run({ tokens: [tokens.slice(0, t)], readout: [at] });
        sum -= readout[0];
        count++;
      }
    }
    expect([await perplexity(model, texts)]).toBeAllclose([Math.exp(sum / count)], { rtol: 1e-5 });
    await expect(perplexity(model, ["a"])).rejects.toThrow("too short for a perplexity");
  });
});
