import { expect, test } from "vitest";
import { changedSettings } from "../../../src/data/settings/fieldValue.ts";
import { settingsText } from "../../../src/data/settings/fieldText.ts";
import { traceFields } from "../../../src/data/trace/traceFields.ts";
import { editorViews } from "../../../src/methods/edit/editorViews.ts";
import {
  chosenLayers,
  chosenSettings,
  formFields,
  moreSettings,
  offered,
  presetText,
  titleFor,
  typedOf,
} from "../../../src/ui/edit/editorSettings.ts";
import { linesOf } from "../../../src/ui/parts/linesOf.ts";
import { smallConfig } from "../../support/engine/smallConfig.ts";

const views = editorViews({ ...smallConfig, layers: 8 });
const [rome, memit] = views;

test("every editor's preset shown as text and read back is the same preset", () => {
  for (const editor of views) {
    expect(chosenSettings(editor, presetText(editor), 8)).toEqual({
      settings: editor.preset,
      seed: 0,
    });
    expect(chosenSettings(editor, {}, 8)).toEqual({ settings: editor.preset, seed: 0 });
  }
});

test("what the fields say is what the editor gets", () => {
  const typed = { keyMode: "r-rome", covariance: "I", contextLengths: "3×7", seed: "9" };
  const { settings, seed } = chosenSettings(rome, typed, 8);
  expect(settings).toMatchObject({ keyMode: "r-rome", covariance: "I" });
  expect(settings.contextLengths).toEqual([[7, 3]]);
  expect(seed).toBe(9);
});

test("a layer out of range is refused with the range", () => {
  const at = (layer: string) => () => chosenSettings(rome, { layer }, 8);
  expect(at("52")).toThrow("invalid layer: 52 (this model has 0–7)");
  expect(at("-1")).toThrow("invalid layer: -1");
  expect(at("")).toThrow("invalid layer: nothing");
  expect(at("1.5")).toThrow("invalid layer: 1.5");
});

test("a number that is none is refused with what would do", () => {
  const trace = (typed: object) => () =>
    changedSettings(traceFields, typed as Record<string, string>, {});
  expect(trace({ samples: "ten" })).toThrow("invalid samples: ten (a whole number from 1 to 1000)");
  expect(() => chosenSettings(rome, { weightDecay: "-1" }, 8)).toThrow("a number, 0 or more");
  expect(() => chosenSettings(memit, { lambda: "much" }, 8)).toThrow("invalid λ: much (a number, ");
  expect(() => chosenSettings(rome, { contextLengths: "ten" }, 8)).toThrow("invalid contexts: ten");
  expect(() => chosenSettings(rome, { seed: "x" }, 8)).toThrow("invalid seed: x");
});

test("the noise is read as the authors write it", () => {
  const noiseOf = (noise: string) => changedSettings(traceFields, { noise }, { noise: {} }).noise;
  expect(noiseOf("3s")).toEqual({ kind: "sigma", factor: 3 });
  expect(noiseOf("s3")).toEqual({ kind: "sigma", factor: 3 });
  expect(noiseOf("s")).toEqual({ kind: "sigma", factor: 1 });
  expect(noiseOf("0.1")).toEqual({ kind: "level", level: 0.1 });
  expect(noiseOf("u0.2")).toEqual({ kind: "uniform", level: 0.2 });
  for (const bad of ["", "loud", "-1", "xs"]) expect(() => noiseOf(bad)).toThrow("invalid noise");
});

test("a trace’s defaults are the settings of its preset", () => {
  const noises = [
    { kind: "sigma", factor: 3 },
    { kind: "level", level: 0.1 },
    { kind: "uniform", level: 0.2 },
  ] as const;
  for (const noise of noises) {
    const settings = { window: 3, samples: 10, seed: 1, noise };
    expect(changedSettings(traceFields, settingsText(traceFields, settings), {})).toEqual(settings);
  }
});

test("layers are a list or a span, each once, in order", () => {
  const layersOf = (layers: string, count: number) =>
    chosenSettings(memit, { layers }, count).settings.layers;
  expect(layersOf("13–17", 48)).toEqual([13, 14, 15, 16, 17]);
  expect(layersOf("4, 2-3 3", 8)).toEqual([2, 3, 4]);
  for (const bad of ["1-9", "3-1", "x", "1.5", "-1"])
    expect(() => layersOf(bad, 8)).toThrow(`invalid layers: ${bad} (this model has 0–7)`);
  expect(() => layersOf(" ", 8)).toThrow("invalid layers: nothing");
});

test("lines", () => {
  expect(linesOf("a\n\n  b \n")).toEqual(["a", "b"]);
});

test("a form has an editor's fields, in the open and folded away, and the seed", () => {
  const { main, more } = formFields(rome);
  expect(main.map(({ name }) => name)).toEqual(["layer", "steps", "clamp", "learningRate"]);
  expect(more.at(-1)?.name).toBe("seed");
  expect(moreSettings(formFields(memit).more)).toBe("More settings: KL factor, weight decay, seed");
});

test("the fields of an old link are found by their labels, and others are left out", () => {
  expect(typedOf(rome, { contexts: "2×5", layer: "1", colour: "red" })).toEqual({
    contextLengths: "2×5",
    layer: "1",
  });
});

test("for many facts those editors come first that write them at once", () => {
  const titles = (many: boolean) => offered(views, many).map((one) => titleFor(one, many));
  expect(titles(false)).toEqual(["ROME", "MEMIT"]);
  expect(titles(true)).toEqual(["MEMIT", "ROME in sequence"]);
});

test("the layers of a form are what is typed, also where it cannot be read", () => {
  expect(chosenLayers(memit, { layers: "2-3" })).toEqual(["2", "3"]);
  expect(chosenLayers(rome, { layer: "x" })).toEqual(["x"]);
});
