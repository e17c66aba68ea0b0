import { expect, test } from "vitest";
import { summarise } from "../../src/methods/score/score.ts";
import { scoreTable } from "../../src/studies/scoreTable.ts";
import { measuresOf } from "../support/ui/measures.ts";

const labels = (known: Parameters<typeof measuresOf>[0]) => {
  const summary = summarise([{ measures: measuresOf(known) }]);
  return scoreTable({ before: summary }).rows.map(([label]) => label);
};

test("the terminal's S says what it is made of, and lines without material are left out", () => {
  expect(labels({ ES: 1, NS: 0.5 })).toEqual([
    "Efficacy score ES",
    "Neighbourhood score NS",
    "Score S (harmonic mean of ES and NS)",
  ]);
  expect(labels({ ES: 1 }).at(-1)).toBe("Score S (ES alone)");
});
