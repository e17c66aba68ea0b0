import { expect, test } from "vitest";
import type { Field, FieldKind } from "../../../src/data/settings/Field.ts";
import { fieldText, settingsText } from "../../../src/data/settings/fieldText.ts";
import { changedSettings, fieldValue } from "../../../src/data/settings/fieldValue.ts";
import { layersOf } from "../../../src/data/settings/layersOf.ts";
import { seedField } from "../../../src/data/settings/seedField.ts";
import { traceFields } from "../../../src/data/trace/traceFields.ts";

const field = (kind: FieldKind, label = "Clamp"): Field => ({ name: "x", label, hint: "", kind });
const read = (kind: FieldKind, text: string, label?: string) =>
  fieldValue(field(kind, label), text, { layers: 8 });

test.for<[FieldKind, unknown, string]>([
  [{ type: "number" }, 0.0625, "0.0625"],
  [{ type: "numbers" }, [1, 10], "1, 10"],
  [{ type: "layer" }, 7, "7"],
  [{ type: "layers" }, [0, 2], "0, 2"],
  [{ type: "choice", choices: [["a", "A"]] }, "a", "a"],
  [{ type: "choices", choices: [["a", "A"], ["b", "B"]] }, ["b", "a"], "b, a"], // prettier-ignore
  [{ type: "contexts" }, [[5, 10], [10, 3]], "10×5, 3×10"], // prettier-ignore
  [{ type: "contexts" }, [], ""],
  [{ type: "noise" }, { kind: "sigma", factor: 3 }, "3s"],
  [{ type: "noise" }, { kind: "level", level: 0.1 }, "0.1"],
  [{ type: "noise" }, { kind: "uniform", level: 0.2 }, "u0.2"],
  [{ type: "flag" }, true, "true"],
  [{ type: "text" }, "a b", "a b"],
])("%j: %j is shown as %j and read back", ([kind, value, text]) => {
  expect(fieldText({ kind }, value as never)).toBe(text);
  expect(read(kind, text)).toEqual(value);
});

test("a number that is none is refused with what would do", () => {
  const samples: FieldKind = { type: "number", min: 1, max: 1000, whole: true };
  expect(() => read(samples, "ten", "Samples")).toThrow(
    "invalid samples: ten (a whole number from 1 to 1000)",
  );
  expect(() => read({ type: "number", min: 0 }, "-1")).toThrow(
    "invalid clamp: -1 (a number, 0 or more)",
  );
  expect(() => read({ type: "number", above: 0 }, "x")).toThrow(
    "invalid clamp: x (a number, above 0)",
  );
  expect(() => read({ type: "number", above: 0 }, "0")).toThrow("above 0");
  expect(() => read({ type: "number" }, " ", "KL factor")).toThrow(
    "invalid KL factor: nothing (a number)",
  );
  expect(read({ type: "number" }, " −1.5 ")).toBe(-1.5);
});

test("a layer out of range is refused with the range", () => {
  const at = (text: string) => () => read({ type: "layer" }, text, "Layer");
  expect(at("52")).toThrow("invalid layer: 52 (this model has 0–7)");
  expect(at("-1")).toThrow("invalid layer: -1");
  expect(at("")).toThrow("invalid layer: nothing");
  expect(at("1.5")).toThrow("invalid layer: 1.5");
});

test("layers are a list or a span", () => {
  expect(layersOf("layers", "13–17", 48)).toEqual([13, 14, 15, 16, 17]);
  expect(layersOf("layers", "1, 2-3 4", 8)).toEqual([1, 2, 3, 4]);
  for (const bad of ["1-9", "3-1", "x", "1.5", "-1"])
    expect(() => layersOf("layers", bad, 8)).toThrow(`invalid layers: ${bad} (this model has 0–7)`);
  expect(() => layersOf("layers", " ", 8)).toThrow("invalid layers: nothing");
});

test("before a model is open, any layer passes that could be one", () => {
  const layer = { ...field({ type: "layer" }, "Layer") };
  expect(fieldValue(layer, "99")).toBe(99);
  expect(() => fieldValue(layer, "1.5", { called: "--layer" })).toThrow(
    "invalid --layer: 1.5 (a whole number, 0 or more)",
  );
  expect(() => layersOf("--layers", "x")).toThrow(
    "invalid --layers: x (a whole number, 0 or more)",
  );
});

test("a choice is one of its values", () => {
  const mode: FieldKind = { type: "choice", choices: [["code", "as published"], ["r-rome", ""]] }; // prettier-ignore
  expect(read(mode, "r-rome")).toBe("r-rome");
  expect(() => read(mode, "x", "Key mode")).toThrow("invalid key mode: x (one of code, r-rome)");
});

test("contexts are so many prefixes of so many tokens", () => {
  expect(read({ type: "contexts" }, "3x7")).toEqual([[7, 3]]);
  expect(() => read({ type: "contexts" }, "ten", "Contexts")).toThrow("invalid contexts: ten");
});

test("noise that is none is refused", () => {
  for (const bad of ["", "loud", "-1", "xs"])
    expect(() => read({ type: "noise" }, bad)).toThrow("invalid noise");
});

test("what was typed takes the place of the preset's, the rest stays", () => {
  const preset = { window: 10, samples: 10, noise: { kind: "sigma", factor: 3 }, seed: 1, own: 2 };
  expect(changedSettings(traceFields, settingsText(traceFields, preset), preset)).toEqual(preset);
  expect(changedSettings(traceFields, { window: "3", other: "x" }, preset)).toEqual({
    ...preset,
    window: 3,
  });
  expect(() => changedSettings(traceFields, { samples: "0" }, preset)).toThrow(
    "invalid samples: 0",
  );
});

test("a seed is what NumPy takes", () => {
  expect(fieldValue(seedField, String(2 ** 32 - 1))).toBe(2 ** 32 - 1);
  expect(() => fieldValue(seedField, String(2 ** 32))).toThrow("invalid seed");
});
