import { csvParseRows, dsvFormat } from "d3-dsv";
import { expect, test } from "vitest";
import { delimiterOf, parseDelimited } from "../../../src/data/tables/delimited.ts";

test("what is well formed is read as d3-dsv reads it", () => {
  const texts = [
    "a,b\n1,2\n",
    'a,"b, ""c"""\r\n"1\n2",\r\n,\r\n',
    "\n\na,b\n\n",
    'é,"",x\n"","",""',
    "one",
  ];
  for (const text of texts) expect(parseDelimited(text, ",")).toEqual(csvParseRows(text));
  const tabbed = 'a\t"b\tc"\n1\t2';
  expect(parseDelimited(tabbed, "\t")).toEqual(dsvFormat("\t").parseRows(tabbed));
});

test("a quote that is not closed costs its own cell and no other", () => {
  expect(parseDelimited('a,"b\nc,d\ne,f', ",")).toEqual([
    ["a", '"b'],
    ["c", "d"],
    ["e", "f"],
  ]);
  expect(parseDelimited('"Heroes" by Bowie\tx', "\t")).toEqual([['"Heroes" by Bowie', "x"]]);
});

test("what divides the cells is seen in the first line", () => {
  expect(delimiterOf("prompt\tsubject, or so\ttarget")).toBe("\t");
  expect(delimiterOf("prompt;subject;target\n{} is, well, in;A;B")).toBe(";");
  expect(delimiterOf('"a;b;c;d",subject,target')).toBe(",");
  expect(delimiterOf("alone")).toBe(",");
});
