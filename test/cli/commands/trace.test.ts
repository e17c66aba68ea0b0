import { expect, test } from "vitest";
import { tracePreset } from "../../../src/methods/trace/tracePreset.ts";
import { callJson, golden } from "../../support/call.ts";
import { config } from "../../support/methods/shapes.ts";

test.each([
  ["demo", "demo", 1],
  // It has three layers, and the code's default is ten.
  ["tiny-gpt2", golden("tiny-gpt2"), 3],
])("what is not given to a trace of %s is the model's preset", async (name, model, window) => {
  const fact = ["--prompt", "{} is in the city of", "--subject", "The Louvre"];
  const few = ["--sigma", "0.1", "--kind", "mlp", "--samples", "1"];
  type Said = { request: object; window: number };
  const said = await callJson<Said>("trace", "--model", model, ...fact, ...few);
  const { noise, seed } = tracePreset(config(name, 8, 256)).settings;
  expect(said.request).toMatchObject({ window, noise, seed, samples: 1 });
  expect(said.window).toBe(window);
});
