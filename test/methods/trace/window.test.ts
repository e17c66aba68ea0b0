import { expect, test } from "vitest";
import { windowLayers } from "../../../src/methods/trace/window.ts";

test.each([
  [10, 20, [15, 25]],
  [5, 20, [18, 23]],
  [3, 20, [19, 22]],
  [1, 20, [20, 21]],
  [10, 0, [0, 5]],
  [10, 47, [42, 48]],
  [3, 47, [46, 48]],
])("window %i around layer %i of 48", (width, center, expected) => {
  expect(windowLayers(center, width, 48)).toEqual(expected);
});
