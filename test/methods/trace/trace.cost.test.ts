import { expect, test, vi } from "vitest";
import { trace } from "../../../src/methods/trace/trace.ts";
import type { TraceRequest } from "../../../src/data/trace/TraceRequest.ts";
import { randomModel } from "../../support/methods/randomModel.ts";

vi.setConfig({ testTimeout: 120_000 });

const [layers, samples] = [8, 10];

/** Eight tokens of the golden tokenizer, the subject at the front: the dearest place for it. */
const request: TraceRequest = {
  prompt: "The Harbour Lamp is in the city of",
  subject: "The Harbour",
  kind: "state",
  window: 1,
  samples,
  noise: { kind: "level", level: 0.5 },
  replace: false,
  seed: 1,
};

test("a state trace costs at most 25 % of the authors' block-token evaluations", async () => {
  const model = await randomModel({ layers, dModel: 16, heads: 2, positions: 16 });
  const { blockTokens, tokenIds } = await trace(model, request);
  expect(tokenIds).toHaveLength(8);
  const T = tokenIds.length;
  const theirs = (T * layers + 2) * layers * T * (samples + 1);
  expect(theirs).toBe(46464);
  expect(blockTokens / theirs).toBeLessThan(0.25);
  // Counted by hand: clean, corrupted, and for every token t and layer l the layers above l from t on.
  const above = (layers * (layers - 1)) / 2;
  expect(blockTokens).toBe(layers * T + samples * (layers * T + above * ((T * (T + 1)) / 2)));
});
