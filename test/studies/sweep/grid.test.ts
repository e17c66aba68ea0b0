import { describe, expect, test } from "vitest";
import type { Field } from "../../../src/data/settings/Field.ts";
import { gridSettings, parseGrid } from "../../../src/studies/sweep/grid.ts";

const field = (name: string, kind: Field["kind"]): Field => ({ name, label: name, hint: "", kind });
const fields = [
  field("layer", { type: "layer" }),
  field("steps", { type: "number", min: 1, whole: true }),
  field("layers", { type: "layers" }),
  field("lengths", { type: "contexts" }),
  field("mode", { type: "choice", choices: [["a", "A"], ["b", "B"]] }), // prettier-ignore
];
const settings = (text: string) => gridSettings(parseGrid(text, fields));

test("every combination, the last field's values first, each with a name of its own", () => {
  const found = settings("layer=0,2 mode=a,b; steps=5");
  expect(found.map(({ name }) => name)).toEqual([
    "layer=0 mode=a steps=5",
    "layer=0 mode=b steps=5",
    "layer=2 mode=a steps=5",
    "layer=2 mode=b steps=5",
  ]);
  expect(found[3].changes).toEqual({ layer: 2, mode: "b", steps: 5 });
});

test("values that are lists are divided by slashes", () => {
  const found = settings("layers=0,2/3-5 lengths=10x5,3x10/2x5");
  expect(found.map(({ changes: { layers, lengths } }) => [layers, lengths])).toEqual([
    [[0, 2], [[5, 10], [10, 3]]],
    [[0, 2], [[5, 2]]],
    [[3, 4, 5], [[5, 10], [10, 3]]],
    [[3, 4, 5], [[5, 2]]],
  ]); // prettier-ignore
  expect(new Set(found.map(({ name }) => name)).size).toBe(4);
});

test("an empty grid changes nothing", () => {
  expect(settings(" ")).toEqual([{ name: "", changes: {} }]);
});

describe("what is wrong is named", () => {
  test.for([
    ["layr=1", "invalid grid: layr=1 (write layer=0,1,2 with any of layer, steps, layers,"],
    ["layer", "invalid grid: layer (write layer=0,1,2"],
    ["layer=", "invalid grid: layer= (write layer=0,1,2"],
    ["layer=1 layer=2", "invalid grid: layer is named twice"],
    ["layer=9", "invalid layer: 9 (this model has 0–7)"],
    ["steps=0,1", "invalid steps: 0 (a whole number, 1 or more)"],
  ])("%s", ([text, message]) => {
    expect(() => parseGrid(text, fields, { layers: 8 })).toThrow(message);
  });
});
