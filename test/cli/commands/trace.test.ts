import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { parseFacts } from "../../../src/data/facts/facts.ts";
import { Model } from "../../../src/engine/Model.ts";
import { Sigmas } from "../../../workers/run/Sigmas.ts";
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

test("σ is the page's: over the subjects of the facts that come with it, which the report names", async () => {
  const model = await Model.load(nodeRuntime(), folderFiles(golden("tiny-gpt2")));
  const facts = parseFacts(JSON.parse(readFileSync("public/facts.json", "utf8")));
  const shelf = { take: () => Promise.resolve(undefined), put: () => Promise.resolve() };
  const subjects = () => Promise.resolve(facts.map(({ subject }) => subject));
  const page = await new Sigmas(subjects, shelf).of(model, "The Louvre");
  const fact = ["--prompt", "{} is in the city of", "--subject", "The Louvre", "--samples", "1"];
  const found = await callJson<{ sigma: number; sigmaOf: object }>(
    ...["trace", "--model", golden("tiny-gpt2"), ...fact],
  );
  expect(found).toMatchObject({ sigma: page.value, sigmaOf: page });
});
