import { afterAll, beforeAll, expect, test } from "vitest";
import type { Case } from "../../src/data/facts/facts.ts";
import type { Model } from "../../src/engine/Model.ts";
import { fillTemplate } from "../../src/data/facts/template.ts";
import { casesAndNeutral } from "../../src/studies/groupCases.ts";
import { knownCases } from "../../src/studies/knownCases.ts";
import type { SelectContext } from "../../src/studies/Study.ts";
import { tinyModel } from "../support/methods/tiny.ts";

let model: Model;
/** Cases, every third of which has the model's own answer as its true target. */
let cases: Case[];

beforeAll(async () => {
  model = await tinyModel();
  cases = [];
  for (let i = 0; i < 39; i++) {
    const prompt = "The {} is in the city of";
    const subject = `Harbour Lamp ${i}`;
    const ids = model.tokenizer.encode(fillTemplate(prompt, subject));
    const [answer] = await model.generate([ids], { maxTokens: ids.length + 1 });
    const said = model.tokenizer.decode(answer.slice(ids.length)).trim();
    const targetTrue = i % 3 === 0 ? said : "Nowhere";
    const rest = { targetNew: "Brno", paraphrases: [], neighbours: [], generationPrompts: [] };
    cases.push({ id: i, prompt, subject, targetTrue, ...rest });
  }
});

afterAll(() => model.dispose());

const thirds = Array.from({ length: 13 }, (_, i) => 3 * i);

test("known is what the model's greedy answer begins with; the count says how many were asked", async () => {
  expect(await knownCases(model, cases)).toEqual({
    known: thirds,
    filter: { name: "known", in: 39, out: 13 },
  });
  const said: string[] = [];
  const onProgress = (sentence: string) => said.push(sentence);
  expect(await knownCases(model, cases, { limit: 12, onProgress })).toEqual({
    known: thirds.slice(0, 12),
    filter: { name: "known", in: 34, out: 12 },
  });
  expect(said).toEqual(["11 known of 32 cases", "12 known of 34 cases"]);
});

test("a model that knows none of them says so", async () => {
  await expect(knownCases(model, [cases[1], cases[2]])).rejects.toThrow(
    "tiny-gpt2 knows none of the 2 cases",
  );
});

test("of the known cases, half at most are neutral; a fact that is there twice counts once", async () => {
  const at = { model, all: [...cases, cases[0]], settings: { all: false } };
  const context = at as unknown as SelectContext<{ all: boolean }>;
  const { cases: chosen, others, filters } = await casesAndNeutral(context, 10);
  // The last of the two counts, in the place of the first.
  const places = [39, ...thirds.slice(1)];
  expect(chosen).toEqual(places.slice(0, 7));
  expect(others).toEqual({ neutral: places.slice(7) });
  expect(filters).toEqual([
    { name: "each fact once", in: 40, out: 39 },
    { name: "known", in: 39, out: 13 },
  ]);
});
