import { expect, test, vi } from "vitest";
import type { Case } from "../../../src/data/facts/facts.ts";
import { withOtherFacts } from "../../../src/data/facts/otherFacts.ts";
import { romeEditor } from "../../../src/methods/edit/rome/editor.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { scoreCase } from "../../../src/methods/score/score.ts";
import { evaluate } from "../../../src/studies/evaluate/evaluate.ts";
import { goldenStatistics, tinyModel } from "../../support/methods/tiny.ts";
import { studyOn } from "../../support/studies/studyOn.ts";

vi.setConfig({ testTimeout: 120_000 });

const about = (prompt: string, targetTrue: string): Case => ({
  id: prompt,
  prompt,
  subject: "Harbour Lamp",
  targetNew: "Oster Bridge",
  targetTrue,
  generationPrompts: [],
  paraphrases: ["The Harbour Lamp was built in"],
  neighbours: ["The ferry is in"],
});
const cases = withOtherFacts([
  about("The {} is in the city of", "Port Vell"),
  about("The {} is made of", "iron"),
]);

test("norms and local neutral are those of the edits, made by hand", async () => {
  const model = await tinyModel();
  const statistics = await goldenStatistics("tiny-gpt2");
  const settings = {
    ...romePreset(model.config).settings,
    layer: 1,
    steps: 6,
    clamp: 8,
    contextLengths: [[5, 2]] as [[5, 2]],
  };
  const found = await studyOn(model, evaluate, {
    cases,
    settings: { all: true },
    editing: { editor: romeEditor, settings },
    statistics,
    seed: 1,
  });
  const norms: number[] = [];
  const kept: number[] = [];
  for (const fact of cases) {
    const [p] = (await scoreCase(model, fact)).others;
    const request = { prompt: fact.prompt, subject: fact.subject, target: fact.targetNew };
    const edit = await rome(model, request, settings, { statistics, seed: 1 });
    model.setDeltas(edit.delta.weights);
    const { others, measures } = await scoreCase(model, fact);
    expect(measures.LP).toBe(others[0]);
    model.setDeltas([]);
    norms.push(edit.relativeNorm);
    kept.push(1 - Math.abs(others[0] - p) / (0.5 + Math.abs(p - 0.5)));
  }
  const mean = (values: number[]) => (values[0] + values[1]) / 2;
  const { relativeNorm, localNeutral } = found;
  expect([relativeNorm.mean, relativeNorm.median, localNeutral]).toBeAllclose(
    [mean(norms), mean(norms), mean(kept)],
    { rtol: 1e-4 },
  );
});
