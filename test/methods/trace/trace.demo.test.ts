import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../../src/engine/Model.ts";
import { sigma } from "../../../src/methods/trace/sigma.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import type { GoldenTraces } from "../../support/golden.ts";
import { demoFiles, demoNumbers } from "../../support/methods/demo.ts";

describe("a fact in the built-in model, against float64", () => {
  let model: Model;
  let golden: GoldenTraces;
  beforeAll(async () => {
    golden = await demoNumbers<GoldenTraces>("trace.json");
    model = await Model.load(nodeRuntime(), demoFiles);
  }, 60_000);
  afterAll(() => model.dispose());

  test("σ", async () => {
    expect([await sigma(model, golden.sigmaSubjects)]).toBeAllclose([golden.sigma]);
  });

  test.for(["state", "mlp", "attn"])("%s", { timeout: 60_000 }, async (kind) => {
    const expected = golden.traces[kind];
    const found = await trace(model, expected.request, { sigma: golden.sigma });
    expect(found).toMatchObject({
      tokenIds: expected.tokenIds,
      subjectRange: expected.subjectRange,
      answer: expected.answer,
      correctPrediction: true,
    });
    const scores = [found.highScore, found.lowScore, ...found.scores];
    const golds = [expected.highScore, expected.lowScore, ...expected.scores.flat()];
    expect(scores).toBeAllclose(golds, { rtol: 0, atol: 1e-4 });
  });
});
