import { expect, test } from "vitest";
import { editors } from "../../../src/methods/edit/editors.ts";
import type { Edit, Editor } from "../../../src/methods/edit/Editor.ts";
import { writeEdit } from "../../../src/methods/edit/writeEdit.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

const model = await tinyModel();
const facts = [{ prompt: "{} is in", subject: "The ferry", target: "Brno" }];
const [editor] = editors;
const preset = {
  ...editor.preset(model.config).settings,
  covariance: "I",
  layer: 1,
  steps: 4,
  contextLengths: [],
};
const at = { seed: 0, statistics: () => Promise.resolve(undefined) };
const write = (settings: object, by: Editor = editor) =>
  writeEdit(by, model, { facts, settings: { ...preset, ...settings }, at });

test.each([
  ["learningRate", 1e308, "“Learning rate” is 1e+308, and 0.5 in this model's preset"],
  ["klFactor", 1e308, "“KL factor” is 1e+308, and 0.0625 in"],
  ["weightDecay", 1e308, "“Weight decay” is 1e+308, and 0.5 in"],
])("%s of %s is named, where the search ends in no number", async (name, value, sentence) => {
  const made = write({ [name]: value });
  await expect(made).rejects.toThrow("is beyond what float32 can hold: ");
  await expect(made).rejects.toThrow(sentence);
  await expect(made).rejects.toThrow(/^.{1,300}$/);
});

test("settings that cannot be are refused before the search", async () => {
  for (const name of ["learningRate", "clamp", "klFactor", "weightDecay"]) {
    for (const value of [NaN, Infinity, -1]) {
      await expect(write({ [name]: value })).rejects.toThrow(/^invalid /);
    }
  }
});

test("a change, norm or measure that is not finite is no result, whatever editor made it", async () => {
  const { dMlp, dModel } = model.config;
  const made = await write({});
  const weight = mlpOutName(model, 1);
  const change = { rank: 1, u: new Float32Array(dMlp), v: new Float32Array(dModel).fill(NaN) };
  const wrong: Partial<Edit>[] = [
    { delta: { ...made.delta, weights: [{ weight, change }] } },
    { delta: { ...made.delta, weights: [{ ...made.delta.weights[0], norm: Infinity }] } },
    { relativeNorm: NaN },
    { measures: [{ name: "ratio", label: "ratio", value: Infinity }] },
  ];
  for (const part of wrong) {
    const bad: Editor = { ...editor, run: () => Promise.resolve({ ...made, ...part }) };
    await expect(write({ clamp: 4000 }, bad)).rejects.toThrow(
      /beyond what float32 can hold: “Clamp” is 4000, and \d+ in this model's preset/,
    );
    await expect(write({ steps: 20 }, bad)).rejects.toThrow("the settings are near the preset");
  }
});
