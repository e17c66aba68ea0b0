import { expect, test } from "vitest";
import { cellsOf } from "../../../src/data/tables/rowCells.ts";
import { rowFact } from "../../../src/data/tables/rowFact.ts";
import { FactsDesk } from "../../../src/ui/facts/FactsDesk.svelte.ts";
import { FactLines, type RowFacts } from "../../../src/ui/facts/factLines.ts";
import type { Edit } from "../../../src/ui/edit/EditStack.svelte.ts";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type { ModelView, TableFact, TellScores } from "../../../workers/protocol/protocol.ts";
import { memoryKeyed } from "../../support/engine/memoryKeyed.ts";
import { FakeTables } from "../../support/ui/FakeTables.ts";

/** A desk over a database in memory, which a later visit may share, with some edits on. */
function visit(database = memoryKeyed().database) {
  const tables = new FakeTables(database);
  const scored: TableFact[][] = [];
  const active: Edit[] = [];
  const gone: string[] = [];
  const job = new Job();
  const table = (_: number, facts: TableFact[], tell: TellScores) => {
    scored.push(facts);
    const answers = facts.map((_, i) => ({ probability: i / 10, greedy: i > 0 }));
    const before = { answers, measures: facts.map(() => undefined) };
    tell(facts.length, facts.length, { at: 0, before });
    return Promise.resolve({ before });
  };
  const desk = new FactsDesk({
    lab: () => tables,
    scoring: () => ({ table }) as unknown as RemoteLab["scoring"],
    run: (_, work) => work(1),
    job,
    now: () => ({ edits: [] }),
    callback: (call) => call,
    model: () => ({}) as ModelView,
    facts: () => [],
    active: () => active,
    notify: () => undefined,
    go: (id) => gone.push(id),
  });
  return { desk, scored, active, gone };
}

const text = [
  "prompt\tsubject\ttarget\ttruth",
  "{} is in\tThe Louvre\tRome\tFrance",
  "{} is in\t\tRome\tMadrid",
  "{} is in\tThe Louvre\tRome\tFrance",
  "{} is in\tThe Prado\tLima\tOslo",
].join("\n");

test("a row with a mistake is left out until it is repaired, and the repair stays", async () => {
  const { database } = memoryKeyed();
  const { desk, gone } = visit(database);
  await desk.readText(text);
  expect(gone).toEqual([desk.head!.id]);
  expect(desk.toWrite.map(({ source }) => source)).toEqual([2, 5]);
  desk.repairNext();
  expect(desk.edited).toBe(desk.rows[1].id);
  const paraphrases = " The Uffizi stands in \n\n{} lies in";
  const cells = { ...cellsOf(desk.rows[1]), subject: " The Uffizi ", paraphrases };
  await desk.repair(desk.edited!, cells);
  expect(desk.toWrite.map(({ source }) => source)).toEqual([2, 3, 5]);
  expect(desk.arrangement.show).toBe("all");

  const later = visit(database).desk;
  await later.show(gone[0]);
  expect(later.rows[1]).toMatchObject({
    subject: "The Uffizi",
    paraphrases: ["The Uffizi stands in", "{} lies in"],
    neighbours: undefined,
  });
  expect(rowFact(later.rows[1]).case?.paraphrases).toEqual([
    "The Uffizi stands in",
    "The Uffizi lies in",
  ]);
  await later.delete(new Set([later.rows[0].id]));
  expect(later.rows).toHaveLength(3);
  await later.undo();
  expect(later.rows.map(({ source }) => source)).toEqual([2, 3, 4, 5]);
});

test("what an edit that is on has written is left, unless it is asked for again", async () => {
  const { desk, active } = visit();
  await desk.readText(text);
  const [first] = desk.rows;
  const { prompt, subject, target } = rowFact(first);
  active.push({ id: "a", facts: [{ prompt, subject, target }] } as Edit);
  expect(desk.toWrite.map(({ source }) => source)).toEqual([5]);
  desk.again = true;
  expect(desk.toWrite.map(({ source }) => source)).toEqual([2, 5]);
  desk.again = false;
  desk.choose(desk.rows[0].id, true);
  expect(desk.toWrite).toEqual([]);
});

test("what is asked and scored is kept with the table, and goes into its file", async () => {
  const { database } = memoryKeyed();
  const { desk, scored } = visit(database);
  await desk.readText(text);
  expect(desk.askable.map(({ source }) => source)).toEqual([2, 5]);
  await desk.askKnown();
  expect(desk.askable).toEqual([]);
  await desk.score();
  expect(scored[0].map(({ case: given }) => given?.targetTrue)).toEqual(["France", "Oslo"]);
  const [first, , , last] = desk.measured(desk.rows).map(({ measures }) => measures!);
  expect(first).toMatchObject({
    known: true,
    "p(target) before": 0,
    "says the target before": false,
  });
  expect(last).toMatchObject({ known: false, "p(target) before": 0.1 });

  const later = visit(database);
  await later.desk.show(desk.head!.id);
  expect(later.desk.measures.scores?.edits).toEqual([]);
  expect(later.desk.stale).toBe(false);
});

test("what is no table says so and takes nothing away", async () => {
  const { desk } = visit();
  await desk.readText(text);
  const { head } = desk;
  await desk.readText("nothing of use");
  expect(desk.problem).toMatch(/names no column prompt, subject, target/);
  expect(desk.head).toBe(head);
});

test("rows are filtered, searched and sorted, what is not known last", () => {
  const rows = ["c", "a", "b"].map((subject, id) => ({
    id,
    prompt: "{} is in",
    subject,
    target: "Rome",
    truth: "",
  }));
  const answers = [0.2, undefined, 0.9].map(
    (probability) => probability && { probability, greedy: probability > 0.5 },
  );
  const look = ({ id }: { id: number }) =>
    ({ after: answers[id] || undefined, chosen: id < 2 }) as RowFacts;
  const lines = new FactLines();
  const plain = { show: "all", search: "", sort: { by: "source", down: false } } as const;
  const ids = (arrangement: Partial<Parameters<FactLines["arrange"]>[2]>) =>
    lines.arrange(rows, look, { ...plain, ...arrangement }).map(({ id }) => id);
  expect(ids({})).toEqual([0, 1, 2]);
  expect(ids({ sort: { by: "sentence", down: false } })).toEqual([1, 2, 0]);
  expect(ids({ sort: { by: "after", down: false } })).toEqual([0, 2, 1]);
  expect(ids({ sort: { by: "after", down: true } })).toEqual([2, 0, 1]);
  expect(ids({ show: "missed" })).toEqual([0]);
  expect(ids({ show: "chosen", search: "A is" })).toEqual([1]);
  answers[1] = { probability: 0.5, greedy: true };
  expect(ids({ sort: { by: "after", down: false } })).toEqual([0, 1, 2]);
});

test("of twenty thousand rows each is looked up once to be sorted or filtered, and none where nothing is asked", () => {
  const rows = Array.from({ length: 21_919 }, (_, id) => ({
    id,
    prompt: "{} is in",
    subject: `Tower ${(id * 7919) % 21_919}`,
    target: "Rome",
    truth: "",
  }));
  let looked = 0;
  const look = ({ id }: { id: number }) => {
    looked++;
    return { known: { probability: ((id * 31) % 997) / 997, greedy: id % 2 > 0 } } as RowFacts;
  };
  const lines = new FactLines();
  const plain = { show: "all", search: "", sort: { by: "source", down: false } } as const;
  expect(lines.arrange(rows, look, plain)).toBe(rows);
  expect(looked).toBe(0);
  const sorted = lines.arrange(rows, look, { ...plain, sort: { by: "known", down: true } });
  expect(look(sorted[0]).known!.probability).toBeCloseTo(996 / 997, 12);
  expect(looked).toBeLessThanOrEqual(rows.length + 1);
  looked = 0;
  expect(lines.arrange(rows, look, { ...plain, show: "known" })).toHaveLength(10_959);
  expect(looked).toBe(rows.length);
});

test("a dropped file that is no table is told of beside the table that is open, and repaired rows cost no other a look", async () => {
  const { desk } = visit();
  await desk.readText(text);
  const before = desk.problems;
  const [, wrong] = desk.rows;
  await desk.readFile(new File(["no table"], "notes.csv"));
  expect(desk.problem).toMatch(/^notes\.csv: the first row names no column/);
  expect(desk.rows).toHaveLength(4);
  await desk.repair(wrong.id, { ...cellsOf(wrong), target: "" });
  // The rows that stayed have the very findings that they had.
  const [id] = before.keys();
  expect([...desk.problems.keys()]).toEqual([id]);
  await desk.undo();
  expect(desk.problems.get(id)).toBe(before.get(id));
});
