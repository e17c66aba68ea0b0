import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../src/engine/Model.ts";
import { covarianceFactor, solveCovariance } from "../../src/methods/covarianceFactor.ts";
import { leftVector } from "../../src/methods/leftVector.ts";
import { collectStatistics, lengthBatches } from "../../src/methods/statistics.ts";
import { goldenCorpus, goldenStatistics, tinyModel, tinyNames } from "./tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

test.each(tinyNames)("%s: the golden corpus gives the golden moment", async (name) => {
  const model = await tinyModel(name);
  const expected = await goldenStatistics(name);
  const options = { layers: [1], source: "corpus" };
  const [found] = await collectStatistics(model, await goldenCorpus(), options);
  expect(found).toMatchObject({ layer: 1, dMlp: model.config.dMlp, count: expected.count });
  const largest = Math.max(...expected.sum);
  expect(found.sum).toBeAllclose(expected.sum, { rtol: 0, atol: 1e-5 * largest });
});

describe("one model", () => {
  let model: Model;
  let corpus: string[];
  beforeAll(async () => {
    model = await tinyModel();
    corpus = await goldenCorpus();
  });

  test("several layers in one pass are what each is alone", async () => {
    const collect = (layers: number[]) =>
      collectStatistics(model, corpus.slice(0, 5), { layers, source: "corpus" });
    const both = await collect([2, 0]);
    const alone = [...(await collect([2])), ...(await collect([0]))];
    both.forEach((found, i) => expect(found.sum).toBeAllclose(alone[i].sum, { rtol: 1e-5 }));
  });

  test("a sample is the beginning of Python's shuffle of the texts", async () => {
    // random.Random(1).shuffle(range(10)) begins 6, 8, 9
    const ten = corpus.slice(0, 10);
    const options = { layers: [0], source: "corpus" };
    const [sampled] = await collectStatistics(model, ten, { ...options, samples: 3 });
    const [chosen] = await collectStatistics(model, [ten[6], ten[8], ten[9]], options);
    expect(sampled.sampleSize).toBe(3);
    expect(sampled.count).toBe(chosen.count);
    expect(sampled.sum).toBeAllclose(chosen.sum, { rtol: 1e-5 });
  });

  test("texts are cut to the limit; empty ones are left out; progress counts texts", async () => {
    const seen: [number, number][] = [];
    const [found] = await collectStatistics(model, ["", corpus[0], corpus[1]], {
      ...{ layers: [0], source: "corpus", batchTokens: 4 },
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(found.count).toBe(8);
    expect(seen).toEqual([[3, 3]]);
  });

  test.each([
    ["a layer out of range", [3], ["text"], "invalid layer: 3 (this model has 0–2)"],
    ["no layer", [], ["text"], "no layer was chosen"],
    ["an empty corpus", [0], [""], "the corpus is empty"],
  ])("refuses %s", async (_, layers, texts, message) => {
    const collected = collectStatistics(model, texts, { layers, source: "corpus" });
    await expect(collected).rejects.toThrow(message);
  });
});

test("batches hold the longest first and stay within the budget", () => {
  const rows = [3, 1, 5, 2, 4, 1].map((length) => Array.from({ length }, () => length));
  const lengths = lengthBatches(rows, 8).map((batch) => batch.map((row) => row.length));
  expect(lengths).toEqual([[5], [4, 3], [2, 1, 1]]);
});

test("u is C⁻¹k̄ of length one, and the factor is made once", async () => {
  const statistics = await goldenStatistics("tiny-gpt2");
  const { dMlp, sum, count } = statistics;
  const key = Float64Array.from({ length: dMlp }, (_, i) => Math.sin(i + 1));
  const x = solveCovariance(statistics, key);
  const product = key.map((_, i) => x.reduce((s, v, j) => s + (sum[i * dMlp + j] / count) * v, 0));
  expect(product).toBeAllclose(key, { rtol: 1e-8, atol: 1e-8 });
  const u = leftVector(key, statistics);
  expect([Math.hypot(...u)]).toBeAllclose([1]);
  expect([u[0] / u[5]]).toBeAllclose([x[0] / x[5]]);
  expect(covarianceFactor(statistics)).toBe(covarianceFactor(statistics));
});

test("without statistics u is the key itself, of length one", () => {
  expect(leftVector(Float64Array.of(3, 4))).toBeAllclose([0.6, 0.8]);
});
