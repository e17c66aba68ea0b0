import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../../src/engine/Model.ts";
import type { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import {
  covarianceFactor,
  solveCovariance,
} from "../../../src/methods/statistics/covarianceFactor.ts";
import { leftVector } from "../../../src/methods/edit/rome/leftVector.ts";
import {
  collected,
  collectStatistics,
  type CollectOptions,
  type CollectProgress,
  lengthBatches,
} from "../../../src/methods/statistics/statistics.ts";
import { StoredTotals } from "../../../src/engine/storage/StoredTotals.ts";
import { TileSets } from "../../../src/engine/storage/TileSets.ts";
import { memoryDatabase, memoryLocks } from "../../support/engine/memoryDatabase.ts";
import {
  goldenCorpus,
  goldenStatistics,
  tinyModel,
  tinyNames,
} from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Products of up to 512 keys are float32, so sums of other batches differ by 1e-6 of what cancels in them. */
function expectSame(found: SymmetricTiles, expected: SymmetricTiles) {
  const largest = Math.max(...expected.diagonal());
  expect(found.dense()).toBeAllclose(expected.dense(), { rtol: 0, atol: 1e-6 * largest });
}

test.each(tinyNames)("%s: the golden corpus gives the golden covariance", async (name) => {
  const model = await tinyModel(name);
  const expected = await goldenStatistics(name);
  const options = { layers: [1], source: "corpus" };
  const [found] = await collectStatistics(model, await goldenCorpus(), options);
  expect(found).toMatchObject({ layer: 1, dMlp: model.config.dMlp, count: expected.count });
  const sum = expected.sum.dense();
  const largest = Math.max(...sum);
  expect(found.sum.dense()).toBeAllclose(sum, { rtol: 0, atol: 1e-5 * largest });
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
    both.forEach((found, i) =>
      expect(found.sum.dense()).toBeAllclose(alone[i].sum.dense(), { rtol: 1e-5 }),
    );
  });

  test("a sample is the beginning of Python's shuffle of the texts", async () => {
    // random.Random(1).shuffle(range(10)) begins 6, 8, 9
    const ten = corpus.slice(0, 10);
    const options = { layers: [0], source: "corpus" };
    const [sampled] = await collectStatistics(model, ten, { ...options, samples: 3 });
    const [chosen] = await collectStatistics(model, [ten[6], ten[8], ten[9]], options);
    expect(sampled.sampleSize).toBe(3);
    expect(sampled.count).toBe(chosen.count);
    expect(sampled.sum.dense()).toBeAllclose(chosen.sum.dense(), { rtol: 1e-5 });
  });

  test("texts are cut to the limit; empty ones are left out; progress counts texts", async () => {
    const seen: [number, number][] = [];
    const [found] = await collectStatistics(model, ["", corpus[0], corpus[1]], {
      layers: [0],
      source: "corpus",
      batchTokens: 4,
      onProgress: ({ texts, totalTexts }) => seen.push([texts, totalTexts]),
    });
    expect(found.count).toBe(8);
    expect(seen.at(-1)).toEqual([3, 3]);
  });

  test("one pass stops at the highest layer, whose block is only its key", async () => {
    const before = model.cost.blockTokens;
    const [found] = await collectStatistics(model, corpus.slice(0, 5), {
      layers: [1],
      source: "corpus",
    });
    const texts = corpus.slice(0, 5).map((text) => model.tokenizer.encode(text).length);
    const [longest, tokens] = [Math.max(...texts), texts.reduce((a, b) => a + b)];
    expect(found.count).toBe(tokens);
    expect(model.cost.blockTokens - before).toBeLessThanOrEqual(2 * 5 * longest);
  });

  test("a limit of tokens is met exactly, over texts in the sample's order", async () => {
    const options = { layers: [0], source: "corpus" };
    const ten = corpus.slice(0, 10);
    const [found] = await collectStatistics(model, ten, { ...options, tokens: 50 });
    expect(found.count).toBe(50);
    expect(found.sampleSize).toBeUndefined();
    const [all] = await collectStatistics(model, ten, { ...options, tokens: 1e6 });
    const [plain] = await collectStatistics(model, ten, options);
    expect(all.count).toBe(plain.count);
    expectSame(all.sum, plain.sum);
  });

  describe("a collection that is interrupted", () => {
    // 250 texts are three groups of a hundred.
    const options = { layers: [1, 0], source: "corpus" };
    const texts = () => Array.from({ length: 250 }, (_, i) => corpus[i % corpus.length]);
    const open = (database = memoryDatabase().database) =>
      StoredTotals.open(new TileSets(database, { locks: memoryLocks() }), "collection/test");
    const pauseAfter = (batches: number) => {
      const controller = new AbortController();
      let seen = 0;
      const onProgress = () => {
        if (++seen === batches) controller.abort();
      };
      return { signal: controller.signal, onProgress };
    };
    const collect = (more: Partial<CollectOptions>) =>
      collectStatistics(model, texts(), { ...options, ...more });

    test.each([1, 7, 30])("after %i batches goes on to the same end", async (batches) => {
      const { database } = memoryDatabase();
      const paused = collect({ totals: await open(database), ...pauseAfter(batches) });
      await expect(paused).rejects.toThrow("aborted");
      const totals = await open(database);
      const partial = (await collected(totals))!;
      const cost = model.cost.blockTokens;
      const resumed = await collect({ totals });
      const resumedCost = model.cost.blockTokens - cost;
      const whole = await collect({});
      expect(resumedCost).toBeLessThan(model.cost.blockTokens - cost - resumedCost);
      resumed.forEach(({ sum, ...about }, i) => {
        expect(about).toEqual({ ...whole[i], sum: undefined });
        expectSame(sum, whole[i].sum);
        expect(partial[i].layer).toBe(options.layers[i]);
        expect(partial[i].count).toBeGreaterThan(0);
        expect(partial[i].count).toBeLessThan(about.count);
      });
    });

    test("by a crash goes on from its last commit", async () => {
      const { database } = memoryDatabase();
      let clock = 0;
      const crash = {
        now: () => (clock += 20_000),
        onProgress: ({ tokens }: CollectProgress) => {
          if (tokens > 1000) throw new Error("crashed");
        },
      };
      const crashed = collect({ totals: await open(database), ...crash });
      await expect(crashed).rejects.toThrow("crashed");
      const totals = await open(database);
      const { count } = (await collected(totals))![0];
      expect(count).toBeGreaterThan(500);
      const resumed = await collect({ totals });
      const whole = await collect({});
      expect(resumed[0].count).toBe(whole[0].count);
      expectSame(resumed[1].sum, whole[1].sum);
    });

    test.each<[string, Partial<CollectOptions>, string]>([
      ["layers", { layers: [2] }, "layers (1,0)"],
      ["texts", { samples: 3 }, "texts (250 texts, "],
      ["limits", { tokens: 40 }, "limits ("],
    ])("starts anew, and says so, with other %s", async (_, other, sentence) => {
      const totals = await open();
      await expect(collect({ totals, ...pauseAfter(3) })).rejects.toThrow("aborted");
      const notices: string[] = [];
      const onNotice = (notice: string) => notices.push(notice);
      const [found] = await collect({ totals, ...other, onNotice });
      const [expected] = await collect(other);
      expect(found.count).toBe(expected.count);
      expectSame(found.sum, expected.sum);
      expect(notices).toHaveLength(1);
      expect(notices[0]).toContain(sentence);
      expect(notices[0]).toMatch(
        /^the collection that was begun had other .*; this one starts anew$/,
      );
    });

    test.each([
      ["another model of the same name", { stamp: "2e".repeat(32) }],
      ["another precision", { precision: "q4" }],
    ])("of %s is neither gone on with nor overwritten", async (_, change) => {
      const totals = await open();
      await expect(collect({ totals, ...pauseAfter(3) })).rejects.toThrow("aborted");
      const { identity } = model;
      Object.assign(model, { identity: { ...identity, ...change } });
      try {
        await expect(collect({ totals })).rejects.toThrow(
          /is of tiny-gpt2 \(stamp [0-9a-f]{8}, f32\); give another folder, or delete this one/,
        );
      } finally {
        Object.assign(model, { identity });
      }
      expect(((await collected(totals)) ?? [])[0].count).toBeGreaterThan(0);
    });

    test("that is over is not read again", async () => {
      const totals = await open();
      await collect({ totals });
      const cost = model.cost.blockTokens;
      await collect({ totals });
      expect(model.cost.blockTokens).toBe(cost);
    });
  });

  test("progress tells tokens, their rate, and the time that is left", async () => {
    let clock = 0;
    const seen: CollectProgress[] = [];
    const texts = Array.from({ length: 200 }, (_, i) => corpus[i % corpus.length]);
    const [found] = await collectStatistics(model, texts, {
      layers: [0],
      source: "corpus",
      now: () => (clock += 100),
      onProgress: (progress) => seen.push(progress),
    });
    const middle = seen.find(({ texts }) => texts >= 100)!;
    const { tokens, totalTokens, tokensPerSecond, secondsLeft } = middle;
    expect(totalTokens / found.count).toBeGreaterThan(0.9);
    expect(totalTokens / found.count).toBeLessThan(1.1);
    expect([secondsLeft!]).toBeAllclose([(totalTokens - tokens) / tokensPerSecond!]);
    expect(seen.at(-1)).toMatchObject({ texts: 200, tokens: found.count, secondsLeft: 0 });
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
  const x = await solveCovariance(statistics, key);
  const product = key.map((_, i) => x.reduce((s, v, j) => s + (sum.at(i, j) / count) * v, 0));
  expect(product).toBeAllclose(key, { rtol: 1e-8, atol: 1e-8 });
  const u = await leftVector(key, statistics);
  expect([Math.hypot(...u)]).toBeAllclose([1]);
  expect([u[0] / u[5]]).toBeAllclose([x[0] / x[5]]);
  expect(covarianceFactor(statistics)).toBe(covarianceFactor(statistics));
});

test("without statistics u is the key itself, of length one", async () => {
  expect(await leftVector(Float64Array.of(3, 4))).toBeAllclose([0.6, 0.8]);
});
