import { beforeAll, expect, test } from "vitest";
import type { TraceRequest } from "../../../src/data/trace/TraceRequest.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { answerProbability, type Readout } from "../../../src/methods/trace/readout.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

const request: TraceRequest = {
  prompt: "The Paper Mill is in the city of",
  subject: "Paper Mill",
  target: " Port Vell",
  kind: "state",
  window: 1,
  samples: 3,
  noise: { kind: "level", level: 0.5 },
  replace: false,
  seed: 1,
};
let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

test("any number of the log-probabilities may be followed", async () => {
  const plain = await trace(model, request);
  const surprise: Readout = {
    positions: (plan) => answerProbability.positions(plan).slice(0, 1),
    score: (logs) => -logs.reduce((sum, log) => sum + log, 0) / logs.length,
  };
  const found = await trace(model, request, { readout: surprise });
  const first = await trace(model, { ...request, samples: 1 }, { readout: surprise });
  expect(found.answerIds).toEqual(plain.answerIds);
  expect(found.highScore).toBeGreaterThan(0);
  expect(first.highScore).toBe(found.highScore);
  const layers = model.config.layers;
  const last = found.scores.length - 1;
  // The whole state restored at the last token and layer is the clean prediction.
  expect(found.scores[last - ((last + 1) % layers)]).toBeCloseTo(found.highScore, 4);
});

test("what lies beside the answer's positions is read too", async () => {
  const { tokenizer } = model;
  const ids = tokenizer.encode(request.prompt);
  const target = ids[ids.length - 1];
  const before: Readout = {
    positions: ({ promptLength }) => [{ token: promptLength - 2, target }],
    score: (logs) => Math.exp(logs[0]),
  };
  const { highScore } = await trace(model, { ...request, samples: 1 }, { readout: before });
  const run = { tokens: [ids], readout: [{ row: 0, token: ids.length - 2, target }] };
  expect(highScore).toBeCloseTo(Math.exp((await model.run(run)).readout[0]), 5);
});

test("a draw that is none is refused", async () => {
  await expect(trace(model, { ...request, draw: 0 })).rejects.toThrow("invalid draw: 0");
});
