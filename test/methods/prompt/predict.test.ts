import { expect, test, vi } from "vitest";
import { continueText } from "../../../src/methods/prompt/continueText.ts";
import { predict } from "../../../src/methods/prompt/predict.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000 });

const model = await tinyModel();
const prompt = "The Harbour Lamp is in";

test("the likeliest tokens come first, and all of them sum to one", async () => {
  const all = await predict(model, prompt, model.config.vocab);
  const probabilities = all.map(({ probability }) => probability);
  expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
  expect([probabilities.reduce((a, b) => a + b, 0)]).toBeAllclose([1], { rtol: 1e-4 });
  expect(await predict(model, prompt, 3)).toEqual(all.slice(0, 3));
});

test("a token is shown as text", async () => {
  const [best] = await predict(model, prompt, 1);
  expect(best.token).toBe(model.tokenizer.decode([best.id]));
});

test("greedy text goes on with the likeliest token", async () => {
  const [best] = await predict(model, prompt, 1);
  const length = model.tokenizer.encode(prompt).length;
  expect(await continueText(model, [prompt], { maxTokens: length + 1 })).toEqual([
    prompt + best.token,
  ]);
  expect(await continueText(model, [], { maxTokens: 9 })).toEqual([]);
});

test("text ends at the model's context", async () => {
  const [text] = await continueText(model, [prompt], { maxTokens: 1000 });
  expect(text.length).toBeGreaterThan(prompt.length);
});

test.each([
  ["an empty prompt", "", 10, "the prompt is empty"],
  ["a long prompt", "one two ".repeat(40), 10, "the prompt is too long"],
  ["no tokens to show", prompt, 0, "invalid top: 0"],
])("refuses %s", async (_, text, top, message) => {
  await expect(predict(model, text, top)).rejects.toThrow(message);
});
