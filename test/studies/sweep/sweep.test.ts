import { expect, test, vi } from "vitest";
import type { Case } from "../../../src/data/facts/facts.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { scoreCase } from "../../../src/methods/score/score.ts";
import { romeEditor } from "../../../src/methods/edit/rome/editor.ts";
import type { StudyAbout } from "../../../src/studies/StudyAbout.ts";
import { sweep, type SweepResult, type SweepSettings } from "../../../src/studies/sweep/sweep.ts";
import { goldenStatistics, tinyModel } from "../../support/methods/tiny.ts";
import { studyOn } from "../../support/studies/studyOn.ts";

vi.setConfig({ testTimeout: 120_000 });

const fact: Case = {
  id: 0,
  prompt: "The {} is in the city of",
  subject: "Harbour Lamp",
  targetNew: "Oster Bridge",
  targetTrue: "Port Vell",
  generationPrompts: [],
  paraphrases: ["The Harbour Lamp was built in"],
  neighbours: ["The ferry is in"],
};

test("every combination is tried in order, and the model ends without edits", async () => {
  const model = await tinyModel();
  const statistics = await goldenStatistics("tiny-gpt2");
  const hyperparameters = {
    ...romePreset(model.config).settings,
    contextLengths: [[5, 2]] as [[5, 2]],
  };
  const before = await scoreCase(model, fact);
  const said: string[] = [];
  const { results } = await studyOn(model, sweep, {
    cases: [fact],
    settings: { all: true, grid: "layer=1 steps=2,8 clamp=1,8" },
    editing: { editor: romeEditor, settings: hyperparameters },
    statistics,
    seed: 1,
    host: { onProgress: (sentence) => said.push(sentence) },
  });
  expect(results.map(({ layer, steps, clamp }) => [layer, steps, clamp])).toEqual([
    [1, 2, 1],
    [1, 2, 8],
    [1, 8, 1],
    [1, 8, 8],
  ]);
  expect(said).toEqual([1, 2, 3, 4].map((i) => `setting ${i} of 4: case 0`));
  expect((await scoreCase(model, fact)).rewrite).toEqual(before.rewrite);
  // The last setting by hand.
  const request = { prompt: fact.prompt, subject: fact.subject, target: fact.targetNew };
  const setting = { ...hyperparameters, layer: 1, steps: 8, clamp: 8 };
  const edit = await rome(model, request, setting, { statistics, seed: 1 });
  model.setDeltas(edit.delta.weights);
  const { measures } = await scoreCase(model, fact);
  expect([results[3].summary.measures.EM.mean]).toBeAllclose([measures.EM], { rtol: 1e-4 });
  expect([results[3].relativeNorm]).toBeAllclose([edit.relativeNorm], { rtol: 1e-4 });
  expect(results[3].medianNorm).toBe(results[3].relativeNorm);
});

const score = { ES: { mean: 1 }, PS: { mean: 1 }, NS: { mean: 1 } };

test.for([
  ["layer=0,2", ["line"]],
  ["clamp=1,8", ["line"]],
  ["clamp=1,8 layer=2", ["line"]],
  ["covariance=C,I", ["bars"]],
  ["layer=0,2 clamp=1,8", ["bars"]],
] as const)("a sweep over one field of numbers is lines, another is bars: %s", ([grid, kinds]) => {
  const values = (at: number) => ({ layer: 2 * at, clamp: 1 + 7 * at, covariance: "CI"[at] });
  const results = [0, 1].map((at) => ({ ...values(at), cases: 1, summary: { measures: score } }));
  const methods = [{ name: "rome", title: "ROME", settings: {} }];
  const about = {
    model: "tiny",
    settings: { grid },
    methods,
  } as unknown as StudyAbout<SweepSettings>;
  const drawn = sweep.figures!({ results: results as unknown as SweepResult[] }, about);
  expect([...new Set(drawn.flatMap(({ series }) => series.map(({ kind }) => kind)))]).toEqual(
    kinds,
  );
});
