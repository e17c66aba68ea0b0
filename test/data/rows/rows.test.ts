import { expect, test } from "vitest";
import {
  compareKeys,
  mergedRows,
  numberIn,
  readRows,
  rowLine,
  writtenRow,
} from "../../../src/data/rows/rows.ts";

const rows = [
  { key: "before", perplexity: 12.5 },
  { key: "a/2", words: ["ü", "line\nbreak"] },
  { key: "a/10", p: null },
];
const text = rows.map(rowLine).join("");

test("rows are read as they were written, however the text is cut", async () => {
  for (const size of [1, 7, 1000]) {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, "gu"))!;
    expect(await readRows(chunks, "rows.ndjson")).toEqual({ rows, torn: false });
  }
  expect(await readRows([], "rows.ndjson")).toEqual({ rows: [], torn: false });
});

test("a last line without its end is left out, wherever it was cut", async () => {
  const last = rowLine(rows[2]).length;
  for (let cut = 1; cut < last; cut++) {
    const read = await readRows([text.slice(0, -cut)], "rows.ndjson");
    expect(read).toEqual({ rows: rows.slice(0, 2), torn: true });
  }
});

test.for([
  ["{", " is not JSON: Expected property name or '}' in line 1"],
  ["7", " is 7, expected an object"],
  ["null", " is null, expected an object"],
  ['{"kee":"a"}', ' lacks "key"'],
  ['{"key":"a","cost":3}', ': "cost" is 3, expected an object'],
  ['{"key":"a","__proto__":{"b":1}}', ' has a member called "__proto__", which no such file has'],
  ["[".repeat(1e5), " is nested too deep: more than 64 lists and objects within each other"],
  ["", " is not JSON: it is empty"],
])("a line that is no row is named: %j", async ([line, reason]) => {
  const read = readRows([`${rowLine(rows[0])}${line}\n${rowLine(rows[1])}`], "out/rows.ndjson");
  await expect(read).rejects.toThrow(
    `out/rows.ndjson, line 2${reason}; delete the line, and its row is made again`,
  );
});

test("merged rows are in the order of their keys, and of one key the first counts", () => {
  const [a, b] = [
    [
      { key: "10", x: 1 },
      { key: "2", x: 2 },
    ],
    [
      { key: "2", x: 3 },
      { key: "9/x", x: 4 },
      { key: "9", x: 5 },
    ],
  ];
  expect(mergedRows(a, b).map(({ key, x }) => [key, x])).toEqual([
    ["2", 2],
    ["9", 5],
    ["9/x", 4],
    ["10", 1],
  ]);
});

test("whole numbers come by size, before words", () => {
  const keys = ["b/1", "a/10", "a/9", "10", "9", "a", "0.5", "2/b", "2/10"];
  expect(keys.sort(compareKeys)).toEqual([..."2/10 2/b 9 10 0.5 a a/9 a/10 b/1".split(" ")]);
});

test("a number that is not finite is null in a row and read as NaN", () => {
  const row = writtenRow({ key: "a", x: NaN, y: Infinity, z: 2, nothing: undefined });
  expect(row).toEqual({ key: "a", x: null, y: null, z: 2 });
  expect(["x", "y", "z", "none"].map((name) => numberIn(row, name))).toEqual([NaN, NaN, 2, NaN]);
});
