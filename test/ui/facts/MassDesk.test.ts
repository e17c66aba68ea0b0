import { expect, test } from "vitest";
import { editorViews } from "../../../src/methods/edit/editorViews.ts";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";
import { MassDesk } from "../../../src/ui/facts/MassDesk.svelte.ts";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import type { FinishedEdit, TableRow } from "../../../workers/protocol/protocol.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";

const row = (id: number): TableRow => ({
  id,
  prompt: "{} is in",
  subject: `Tower ${id}`,
  target: "Paris",
  truth: id === 7 ? "Rome" : "",
});

test("a run writes the rows that it was begun with, and tells of each by its id", async () => {
  const lab = new FakeLab();
  const model = await lab.load(1, { source: { kind: "demo" } }, () => undefined);
  const made: FinishedEdit[] = [];
  const job = new Job();
  let rows = [row(3), row(7)];
  const desk = new MassDesk({
    lab: () => lab.editing,
    run: (_, work) => ((job.id = 2), work(2)),
    job,
    callback: (call) => call,
    model: () => ({ ...model, editors: editorViews(model.config) }),
    draft: new Draft(),
    facts: () => [],
    toWrite: () => ({ table: "a", rows }),
    notify: () => undefined,
    made: (finished) => (made.push(finished), Promise.resolve()),
  });
  const writing = desk.write();
  rows = [row(9)];
  await writing;
  expect(lab.editing.orders[0].facts.map(({ subject }) => subject)).toEqual(["Tower 3", "Tower 7"]);
  expect(lab.editing.orders[0].facts.map(({ truth }) => truth)).toEqual([undefined, "Rome"]);
  expect(desk.run?.table).toBe("a");
  expect([...desk.byRow.keys()]).toEqual([3, 7]);
  expect(desk.byRow.get(7)).toMatchObject({ stage: "written", now: { greedy: true } });
  expect(made).toHaveLength(1);
});
