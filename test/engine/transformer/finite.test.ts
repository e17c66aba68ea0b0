import { expect, test } from "vitest";
import {
  areFinite,
  beyond,
  finiteOutput,
  isBeyond,
  whatIsBeyond,
} from "../../../src/engine/transformer/finite.ts";
import { predict } from "../../../src/methods/prompt/predict.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";
import { collectStatistics } from "../../../src/methods/statistics/statistics.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

test("numbers are told from what is none", () => {
  expect(areFinite(Float32Array.of(0, -0, 3.4e38, -3.4e38, 1e-45))).toBe(true);
  expect(areFinite(new Float32Array(0))).toBe(true);
  for (const bad of [NaN, Infinity, -Infinity]) {
    expect(areFinite(Float64Array.of(1, bad, 2))).toBe(false);
  }
  const values = Float32Array.of(-1, -200);
  expect(finiteOutput(values)).toBe(values);
  expect(() => finiteOutput(Float32Array.of(-Infinity))).toThrow("the model's output is beyond");
});

test("who knows more may say it instead of the advice", () => {
  const error = beyond("the loss", "do something");
  expect(error.message).toBe("the loss is beyond what float32 can hold: do something");
  expect(isBeyond(error)).toBe(true);
  expect(isBeyond(new Error("the loss"))).toBe(false);
  expect(whatIsBeyond(error)).toBe("the loss is beyond what float32 can hold");
});

test("a model with weights beyond float32 says nothing, instead of NaN", async () => {
  const model = await tinyModel();
  const { dMlp, dModel } = model.config;
  const change = {
    rank: 1,
    u: new Float32Array(dMlp).fill(1e30),
    v: new Float32Array(dModel).fill(1e30),
  };
  model.setDeltas([{ weight: mlpOutName(model, 0), change }]);
  await expect(predict(model, "The ferry is in", 3)).rejects.toThrow(
    "the model's output is beyond what float32 can hold: switch off the edits",
  );
  const options = { layers: [1], source: "text" };
  await expect(collectStatistics(model, ["The ferry is in"], options)).rejects.toThrow(
    "a key of layer 1, squared, is beyond what float32 can hold: switch off the edits",
  );
});
