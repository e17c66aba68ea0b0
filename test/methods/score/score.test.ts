import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Case } from "../../../src/data/facts/facts.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { ngramEntropy } from "../../../src/methods/score/ngramEntropy.ts";
import {
  harmonicMean,
  scoreCase,
  summarise,
  type CaseScore,
  type PromptScore,
} from "../../../src/methods/score/score.ts";
import { predict } from "../../../src/methods/prompt/predict.ts";
import { goldenNumbers, type GoldenEdit } from "../../support/golden.ts";
import { tinyModel, tinyNames } from "../../support/methods/tiny.ts";
import { mlpOutDelta } from "../../support/engine/deltas.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

type Kind = "rewrite" | "paraphrase" | "neighbourhood";
type Letters = "ES" | "EM" | "PS" | "PM" | "NS" | "NM";
type GoldenScore = Record<Letters | "score", number> & {
  nll: Record<Kind, { new: number; true: number }[]>;
};
interface GoldenScores {
  case: Case;
  before: GoldenScore;
  after: GoldenScore;
  entropy: { text: string; bits: number }[];
}
function expectScore(found: CaseScore, expected: GoldenScore): void {
  for (const kind of ["rewrite", "paraphrase", "neighbourhood"] as const) {
    const both = (score: PromptScore) => [score.nllNew, score.nllTrue];
    const golden = expected.nll[kind].flatMap((x) => [x.new, x.true]);
    expect(found[kind].flatMap(both)).toBeAllclose(golden, { rtol: 1e-4, atol: 1e-4 });
  }
  const letters = ["ES", "EM", "PS", "PM", "NS", "NM"] as const;
  expect(letters.map((name) => found.measures[name])).toBeAllclose(
    letters.map((name) => expected[name]),
    { rtol: 1e-4, atol: 1e-4 },
  );
  expect([found.score]).toBeAllclose([expected.score]);
}

describe.each(tinyNames)("%s against float64", (name) => {
  test("a case before and after an edit", async () => {
    const model = await tinyModel(name);
    const golden = await goldenNumbers<GoldenScores>(name, "scores.json");
    const edits = await goldenNumbers<Record<string, GoldenEdit>>(name, "rome.json");
    const { hyperparameters, u, v } = edits["subject in the middle, two-token target"];
    expectScore(await scoreCase(model, golden.case), golden.before);
    const factors = { u: Float32Array.from(u), v: Float32Array.from(v), rank: 1 };
    model.setDeltas([mlpOutDelta(model, hyperparameters.layer, factors)]);
    expectScore(await scoreCase(model, golden.case), golden.after);
  });
});

test("n-gram entropy is that of the golden texts", async () => {
  const { entropy } = await goldenNumbers<GoldenScores>("tiny-gpt2", "scores.json");
  expect(entropy.map(({ text }) => ngramEntropy(text))).toBeAllclose(
    entropy.map(({ bits }) => bits),
  );
});

describe("one case", () => {
  let model: Model;
  const fact: Case = {
    id: 7,
    prompt: "The {} is in the city of",
    subject: "Harbour Lamp",
    targetNew: "Oster",
    targetTrue: "Port",
    paraphrases: [],
    neighbours: ["The Paper Mill is in the city of"],
    generationPrompts: ["The ferry is"],
  };
  beforeAll(async () => {
    model = await tinyModel();
  });

  test("targets of one token share the prompt's row", async () => {
    model.cost.blockTokens = 0;
    const { measures } = await scoreCase(model, fact);
    const prompts = ["The Harbour Lamp is in the city of", fact.neighbours[0]];
    const lengths = prompts.map((prompt) => model.tokenizer.encode(prompt).length);
    const targets = [fact.targetNew, fact.targetTrue].map((target) => ` ${target}`);
    expect(targets.map((text) => model.tokenizer.encode(text).length)).toEqual([1, 1]);
    expect(model.cost.blockTokens).toBe(2 * Math.max(...lengths) * model.config.layers);
    expect(measures.PS).toBeNaN();
  });

  test("generation entropy is of texts that the seed decides", async () => {
    const score = (seed: number) => scoreCase(model, fact, { generate: true, seed });
    const [one, again, other] = [await score(1), await score(1), await score(2)];
    expect(one.texts).toEqual(again.texts);
    expect(one.texts).not.toEqual(other.texts);
    expect(one.texts[0].startsWith("The ferry is")).toBe(true);
    expect([one.measures.GE]).toBeAllclose([ngramEntropy(one.texts[0])]);
  });

  test("token accuracy is the part of the winning target that is predicted", async () => {
    const [{ token }] = await predict(model, "The Harbour Lamp is in", 1);
    expect(token.startsWith(" ")).toBe(true);
    const guessed = { ...fact, prompt: "The {} is in", targetNew: token.trim() };
    const { rewrite } = await scoreCase(model, guessed);
    expect(rewrite[0].tokenAccuracy).toBe(1);
  });

  test("refuses an empty target", async () => {
    await expect(scoreCase(model, { ...fact, targetNew: "" })).rejects.toThrow("target is empty");
  });
});

/** A score of three success measures, and nothing else of interest. */
function made(ES: number, PS: number, NS: number): CaseScore {
  const rest = { EM: 0, PM: 0, NM: 0, rewriteAccuracy: 0, paraphraseAccuracy: 0 };
  return {
    id: 0,
    rewrite: [],
    paraphrase: [],
    neighbourhood: [],
    others: [],
    score: 0,
    texts: [],
    measures: { ES, PS, NS, ...rest, neighbourAccuracy: 0, LP: NaN, GE: NaN },
  };
}

test("a summary has means, population deviations and the harmonic mean of the means", () => {
  const { measures, score, cases } = summarise([made(1, 0.5, 1), made(0, 1, 0.5)]);
  expect(cases).toBe(2);
  expect(measures.ES).toEqual({ mean: 0.5, std: 0.5, cases: 2 });
  expect([measures.PS.mean, measures.PS.std]).toBeAllclose([0.75, 0.25]);
  expect([score]).toBeAllclose([3 / (1 / 0.5 + 1 / 0.75 + 1 / 0.75)]);
});

test("cases without paraphrases do not count in their mean", () => {
  const { measures } = summarise([made(1, NaN, 1), made(1, 0.25, 1)]);
  expect(measures.PS).toEqual({ mean: 0.25, std: 0, cases: 1 });
  expect(measures.GE.mean).toBeNaN();
});

test("the harmonic mean is 0 as soon as one value is", () => {
  expect(harmonicMean([1, 0, 1])).toBe(0);
  expect(() => summarise([])).toThrow("no score to sum up");
});
