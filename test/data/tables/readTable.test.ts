import { expect, test } from "vitest";
import { readTable } from "../../../src/data/tables/readTable.ts";
import { rowMarks } from "../../../src/data/tables/rowMarks.ts";
import { rowFact } from "../../../src/data/tables/rowFact.ts";
import { rowProblems } from "../../../src/data/tables/rowProblems.ts";
import { tableCsv, tableJson } from "../../../src/data/tables/tableFile.ts";
import { tableText } from "../../../src/data/tables/tableText.ts";

const problems = (text: string) =>
  readTable(text).rows.map((row) => [row.source, ...rowProblems(row).map((one) => one.text)]);

test("cells pasted from a spreadsheet are read, and a true answer is used", () => {
  const { rows, notices } = readTable(
    "Prompt\tSubject\tNew target\tTrue answer\n{} is in\tThe Louvre\tRome\tParis\n",
  );
  expect(notices).toEqual([]);
  expect(rowFact(rows[0])).toEqual({
    prompt: "{} is in",
    subject: "The Louvre",
    target: "Rome",
    case: {
      id: 1,
      prompt: "{} is in",
      subject: "The Louvre",
      targetNew: "Rome",
      targetTrue: "Paris",
      paraphrases: [],
      neighbours: [],
      generationPrompts: [],
      otherFacts: undefined,
    },
  });
});

test("semicolons, empty rows and rows with mistakes refuse nothing else", () => {
  const text = [
    "prompt;subject;target",
    "",
    "{} is in;The Louvre;Rome",
    "{} is in;;Rome",
    ";;",
    "Paris is in;Lyon;Rome",
    "{} and {};A;B",
    '{} is in;"The Prado;Lima',
    "{} is in;The Prado;Lima",
  ].join("\r\n");
  expect(problems(text)).toEqual([
    [3],
    [4, 'no text in "subject"'],
    [6, "the subject “Lyon” is not in the prompt; write {} in the subject’s place"],
    [7, "2 times {} in the prompt; leave one"],
    [8],
    [9],
  ]);
  expect(readTable(text).rows[4].subject).toBe('"The Prado');
});

test("a table without names is taken in order, and that is said", () => {
  const { rows, notices } = readTable("{} is in\tThe Louvre\tRome\n{} is in\tThe Prado\tLima");
  expect(rows.map(({ source, subject }) => [source, subject])).toEqual([
    [1, "The Louvre"],
    [2, "The Prado"],
  ]);
  expect(notices).toEqual([
    "the first row names no columns, so those between the tabs are taken as prompt, subject, target and true answer",
  ]);
});

test("JSON, a record a line, and both forms of CounterFact", () => {
  const counterFact = {
    case_id: 7,
    requested_rewrite: {
      prompt: "{} is in",
      subject: "The Louvre",
      target_new: { str: "Rome" },
      target_true: { str: "Paris" },
    },
    paraphrase_prompts: ["The Louvre stands in"],
    neighborhood_prompts: ["Notre-Dame is in"],
  };
  const easyEdit = {
    prompt: "The Prado is in",
    subject: "The Prado",
    target_new: "Lima",
    ground_truth: "Madrid",
    rephrase_prompt: "The Prado stands in",
  };
  const damaged = { ...counterFact, paraphrase_prompts: [""] };
  const { rows, counted } = readTable(JSON.stringify([counterFact, easyEdit, damaged, 3]));
  expect(counted).toBe("record");
  expect(rows.slice(0, 2).map(({ prompt, target, truth }) => [prompt, target, truth])).toEqual([
    ["{} is in", "Rome", "Paris"],
    ["{} is in", "Lima", "Madrid"],
  ]);
  expect(rows[0]).toMatchObject({ caseId: 7, neighbours: ["Notre-Dame is in"] });
  expect(rows[2]).toMatchObject({ source: 3, subject: "The Louvre", truth: "Paris" });
  expect(rowProblems(rows[2])[0].text).toContain('"paraphrase_prompts.0"');
  expect(rowProblems(rows[3])[0].text).toBe("it is no object");
  const lines = `${JSON.stringify(counterFact)}\n${JSON.stringify(easyEdit)}\nnothing\n`;
  expect(readTable(lines).rows.map((row) => rowProblems(row).length)).toEqual([0, 0, 1]);
});

test("duplicates and contradictions are marked, in whatever words the prompt is given", () => {
  const { rows } = readTable(
    [
      "prompt,subject,target,truth",
      "{} is in,The Louvre,Rome,Paris",
      "The Louvre is in,The Louvre,Rome,",
      "{} is in,The Louvre,Lima,Paris",
      "{} is in,The Prado,Lima,Madrid",
      "{} is in,The Prado,Lima,Sevilla",
      "{} is in,,Lima,",
    ].join("\n"),
  );
  const marks = rowMarks(rows, (row) => rowProblems(row).length === 0);
  const [first, second, third, fourth, fifth, sixth] = rows.map(({ id }) => marks.get(id));
  expect(first).toEqual({ duplicate: undefined, conflict: rows[2].id });
  expect(second).toEqual({ duplicate: rows[0].id, conflict: undefined });
  expect(third).toEqual({ duplicate: undefined, conflict: rows[0].id });
  expect(fourth?.conflict).toBe(rows[4].id);
  expect(fifth?.conflict).toBe(rows[3].id);
  expect(sixth).toBeUndefined();
});

test("what is saved is read again as it was, formulas and lines included", () => {
  const { rows } = readTable(
    JSON.stringify([
      {
        prompt: "{} is in",
        subject: "=SUM(A1)",
        target: 'a "quoted", thing',
        truth: "Paris",
        paraphrases: ["One", "Two, too"],
      },
      { prompt: "no subject here", subject: "X", target: "Y" },
    ]),
  );
  const measured = rows.map((row) => ({ row, measures: { known: true, "p before": 0.25 } }));
  for (const file of [tableCsv(measured), tableJson(measured)]) {
    const again = readTable(file).rows;
    expect(
      again.map(rowFact).map(({ case: given, ...fact }) => [fact, given?.paraphrases]),
    ).toEqual(rows.map(rowFact).map(({ case: given, ...fact }) => [fact, given?.paraphrases]));
  }
  expect(tableCsv(measured).split("\n")[0]).toBe(
    "prompt,subject,target,truth,relation,paraphrases,neighbours,mistakes,known,p before",
  );
});

test("a spreadsheet's other encodings are read, and a guess is said", () => {
  const utf16 = new Uint8Array([
    0xff,
    0xfe,
    ...new Uint8Array(new Uint16Array([0x53, 0xe9]).buffer),
  ]);
  expect(tableText(utf16)).toEqual({ text: "Sé" });
  expect(tableText(new Uint8Array([0x53, 0xe9]))).toMatchObject({ text: "Sé" });
  expect(tableText(new Uint8Array([0x53, 0xe9])).notice).toContain("Windows-1252");
  expect(tableText(new TextEncoder().encode("Sé"))).toEqual({ text: "Sé" });
});
