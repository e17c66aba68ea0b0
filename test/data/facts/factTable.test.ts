import { describe, expect, test } from "vitest";
import { parseFactTable } from "../../../src/data/facts/factTable.ts";

const fact = { prompt: "{} is in the city of", subject: "The Space Needle", target: "Florence" };

describe("parseFactTable", () => {
  test("reads a JSON list of facts", () => {
    expect(parseFactTable(JSON.stringify([fact, { ...fact, target: " Rome " }]))).toEqual([
      fact,
      { ...fact, target: "Rome" },
    ]);
  });

  test("reads CSV with quotes, other columns, any order and Windows line ends", () => {
    const text =
      'Subject, note ,prompt,TARGET\r\n"Needle, The Space",x,"{} is ""in"" the city of",Florence\r\n';
    expect(parseFactTable(text)).toEqual([
      { prompt: '{} is "in" the city of', subject: "Needle, The Space", target: "Florence" },
    ]);
  });

  test("reads CounterFact's records with what scores them", () => {
    const record = {
      case_id: 7,
      requested_rewrite: {
        prompt: fact.prompt,
        subject: fact.subject,
        target_new: { str: "Florence" },
        target_true: { str: "Seattle" },
      },
      paraphrase_prompts: ["The Space Needle stands in"],
      neighborhood_prompts: ["Pike Place Market is in"],
    };
    const [found] = parseFactTable(`\uFEFF${JSON.stringify([record])}`);
    expect(found).toMatchObject({ ...fact, case: { id: 7, targetTrue: "Seattle" } });
    expect(found.case?.neighbours).toEqual(record.neighborhood_prompts);
  });

  test.each([
    ["nothing", " \n", "the table of facts is empty"],
    ["a list of nothing", "[]", "the list holds no facts"],
    ["broken JSON", "[{", "the table of facts is not JSON: "],
    [
      "a fact without target",
      '[{"prompt":"{} is","subject":"A","target":""}]',
      'record 1: no text in "target"',
    ],
    ["lists far too deep", "[".repeat(1e5), "the table of facts is nested too deep"],
    [
      "a column that is there twice",
      "prompt,subject,target,Subject\n1,2,3,4",
      "names the column subject twice",
    ],
    ["a line that is cut off", "prompt,subject,target\n{} is,A", 'row 2: no text in "target"'],
    ["columns of other names", "a,b\n1,2", "names no column prompt, subject, target (it has a, b)"],
    ["a header alone", "prompt,subject,target", "no row below its first"],
    [
      "a line with an empty field",
      "prompt,subject,target\n{} is,A,B\n{} is,,B",
      'row 3: no text in "subject"',
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseFactTable(text)).toThrow(message);
  });
});
