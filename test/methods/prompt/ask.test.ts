import { expect, test, vi } from "vitest";
import { askPreset } from "../../../src/data/ask/askFields.ts";
import { textOf } from "../../../src/data/ask/ContinuedText.ts";
import { ask } from "../../../src/methods/prompt/ask.ts";
import { predict } from "../../../src/methods/prompt/predict.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000 });

const model = await tinyModel();
const prompt = "The Harbour Lamp is in";
const six = { ...askPreset, tokens: 6 };

test("greedy text is the likeliest token, again and again, each with its probability", async () => {
  const { tokens, end } = await ask(model, prompt, six);
  expect(end).toBe("length");
  const ids = model.tokenizer.encode(prompt);
  for (const token of tokens) {
    const { readout } = await model.run({
      tokens: [ids],
      readout: [{ row: 0, token: ids.length - 1 }],
    });
    expect(token.id).toBe(readout.indexOf(Math.max(...readout)));
    expect([token.probability]).toBeAllclose([Math.exp(readout[token.id])], { rtol: 1e-4 });
    expect(token.likeliest[0].id).toBe(token.id);
    ids.push(token.id);
  }
});

test("a sampled token is the one that the draw falls on, by p to the power of 1/T among the k likeliest", async () => {
  const [topK, temperature, seed] = [5, 0.7, 42];
  const best = await predict(model, prompt, topK);
  const weights = best.map(({ probability }) => probability ** (1 / temperature));
  let left = new NumpyRandom(seed).random() * weights.reduce((a, b) => a + b, 0);
  const drawn = best[weights.findIndex((weight) => (left -= weight) < 0)];
  const settings = { tokens: 1, topK, temperature, seed };
  const [token] = (await ask(model, prompt, settings)).tokens;
  expect(token.id).toBe(drawn.id);
  // The model's own probability, whatever the temperature.
  expect([token.probability]).toBeAllclose([drawn.probability], { rtol: 1e-4 });
  expect(token.likeliest.map(({ id }) => id)).toEqual(best.map(({ id }) => id));
});

test("a low temperature is greedy, and the same seed gives the same text", async () => {
  const greedy = await ask(model, prompt, six);
  expect(await ask(model, prompt, { ...six, topK: 20, temperature: 0.001 })).toEqual(greedy);
  const warm = { ...six, topK: 50, temperature: 2 };
  expect(await ask(model, prompt, warm)).toEqual(await ask(model, prompt, warm));
  expect(await ask(model, prompt, { ...warm, seed: 2 })).not.toEqual(
    await ask(model, prompt, warm),
  );
});

test("tokens are told as they come", async () => {
  const told: unknown[] = [];
  const { tokens } = await ask(model, prompt, six, { onToken: (token) => told.push(token) });
  expect(told).toEqual(tokens);
});

test("a text ends with the model's context, and where it is stopped", async () => {
  const room = model.config.positions - model.tokenizer.encode(prompt).length;
  const whole = await ask(model, prompt, { ...askPreset, tokens: 2000 });
  expect(whole.tokens).toHaveLength(room);
  expect(whole.end).toBe("context");
  const stop = new AbortController();
  const stopped = ask(model, prompt, six, {
    signal: stop.signal,
    onToken: () => stop.abort(),
  });
  await expect(stopped).rejects.toThrow(/abort/i);
});

test("the mark of a text's end ends it, and is no part of it", async () => {
  const told = await ask(model, prompt, six);
  const spy = vi.spyOn(model.tokenizer, "eos", "get").mockReturnValue(told.tokens[2].id);
  const ended = await ask(model, prompt, six);
  spy.mockRestore();
  const first = told.tokens.findIndex(({ id }) => id === told.tokens[2].id);
  expect(ended).toEqual({ prompt, tokens: told.tokens.slice(0, first), end: "end of text" });
});

test("characters that are split over tokens come whole", async () => {
  const { tokens } = await ask(model, prompt, { ...six, tokens: 30, topK: 200, temperature: 5 });
  const ids = tokens.map(({ id }) => id);
  const decoded = model.tokenizer.decode(ids);
  if (!decoded.includes("�")) expect(textOf(tokens)).toBe(decoded);
  expect(textOf(tokens)).not.toContain("�");
});

test.each([
  ["an empty prompt", "", askPreset, "the prompt is empty"],
  ["a prompt that leaves no room", "one two ".repeat(40), askPreset, "the prompt is too long"],
  ["no temperature", prompt, { ...askPreset, temperature: 0 }, "invalid temperature: 0"],
])("refuses %s", async (_, text, settings, message) => {
  await expect(ask(model, text, settings)).rejects.toThrow(message);
});
