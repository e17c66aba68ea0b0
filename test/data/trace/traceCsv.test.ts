import { expect, test } from "vitest";
import { traceCsv } from "../../../src/data/trace/traceCsv.ts";

test("a line per token, quoted, with empty cells where nothing was traced", () => {
  const scores = Float32Array.of(0.25, 0.5, NaN, NaN);
  const spellings = [' "a"', "⟨C5⟩"];
  expect(traceCsv({ spellings, subjectRange: [0, 1], layers: 2, scores })).toBe(
    'token,subject,layer 0,layer 1\r\n" ""a""",1,0.25,0.5\r\n"⟨C5⟩",0,,\r\n',
  );
});
