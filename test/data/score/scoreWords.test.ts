import { expect, test } from "vitest";
import { scoreMeans, scoreOf } from "../../../src/data/score/scoreWords.ts";

test("S says which scores it is made of", () => {
  expect(scoreMeans({ ES: 1, PS: 0.5, NS: 0 })).toBe("S: harmonic mean of ES, PS and NS.");
  expect(scoreMeans({ ES: 1, PS: NaN, NS: 0 })).toBe(
    "S: harmonic mean of ES and NS. There are no paraphrases, so PS is left out.",
  );
  expect(scoreMeans({ ES: 1, PS: NaN, NS: NaN })).toBe(
    "S: ES alone. There are no paraphrases and no neighbours, so PS and NS are left out.",
  );
  expect(scoreOf({ ES: NaN, PS: NaN, NS: NaN })).toBe("of nothing");
});
