import { expect, test } from "vitest";
import { csvText } from "../../src/data/csvText.ts";
import { traceCsv } from "../../src/data/trace/traceCsv.ts";
import { tableCsv } from "../../src/studies/Table.ts";

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r="])("%j is no formula", (text) => {
  expect(csvText(text)).toBe(`'${text}`);
});

test.each(["Rome", " =", "1-2", ""])("%j stays as it is", (text) => {
  expect(csvText(text)).toBe(text);
});

test("what we write holds no formula, and numbers as they are", () => {
  const table = {
    name: "t",
    columns: [{ name: "=a" }, { name: "b" }],
    rows: [["=HYPERLINK()", -1]],
  };
  expect(tableCsv(table)).toBe("'=a,b\n'=HYPERLINK(),-1\n");
  const scores = Float32Array.of(-0.5);
  const trace = { spellings: ["=x"], subjectRange: [0, 1] as [number, number], layers: 1, scores };
  expect(traceCsv(trace)).toContain(`"'=x",1,-0.5`);
});
