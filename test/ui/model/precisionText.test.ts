import { expect, test } from "vitest";
import { inWords } from "../../../src/ui/model/precisionText.ts";

test("codes of precisions are put into words, names of features stay", () => {
  expect(inWords("it lacks shader-f16; choose f32, q8 or q4")).toBe(
    "it lacks shader-f16; choose float32, 8 bits or 4 bits",
  );
});
