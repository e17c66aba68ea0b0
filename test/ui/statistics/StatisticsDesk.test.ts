import { expect, test } from "vitest";
import { StatisticsDesk } from "../../../src/ui/statistics/StatisticsDesk.svelte.ts";
import type { AddOrder, StatisticsOverview } from "../../../workers/protocol/protocol.ts";
import type { RemoteLab } from "../../../workers/connect.ts";

const nothing: StatisticsOverview = { kept: [], atHand: [] };

/** A desk of a model with three layers, what it asked of the worker, its jobs and its problems. */
function deskOn(lab: Partial<RemoteLab["statistics"]> = {}) {
  const orders: AddOrder[] = [];
  const jobs: string[] = [];
  const problems: string[] = [];
  const asked = {
    overview: () => Promise.resolve(nothing),
    add: (_: number, order: AddOrder) => (orders.push(order), Promise.resolve(nothing)),
    ...lab,
  };
  const report = (error: unknown) => problems.push((error as Error).message);
  const desk = new StatisticsDesk({
    lab: () => asked as RemoteLab["statistics"],
    async run(stage, work) {
      jobs.push(stage);
      try {
        return await work(jobs.length);
      } catch (error) {
        report(error);
        return undefined;
      }
    },
    stop: () => jobs.push("stopped"),
    layers: () => 3,
    job: { progress: () => undefined },
    callback: (call) => call,
    took: () => undefined,
    report,
  });
  return { desk, orders, jobs, problems };
}

const file = new File(["…"], "C.npz");

test("an import of no layer asks the file for its own; what is no layer is refused before anything is read", async () => {
  const { desk, orders, problems } = deskOn();
  await desk.add(file, "");
  await desk.add(file, " 2 ");
  expect(orders.map(({ layer }) => layer)).toEqual([undefined, 2]);
  for (const typed of ["abc", "3", "-1", "1.5"]) await desk.add(file, typed);
  expect(orders).toHaveLength(2);
  expect(problems).toEqual(
    ["abc", "3", "-1", "1.5"].map((typed) => `invalid layer: ${typed} (this model has 0–2)`),
  );
});

test("looking at the statistics while a collection is under way lets it go on", async () => {
  let end!: (answer: StatisticsOverview) => void;
  const collect = () => new Promise<StatisticsOverview>((resolve) => (end = resolve));
  const { desk, jobs } = deskOn({ collect });
  const collecting = desk.collect({ layers: [0], text: { kind: "paste", text: "A text." } });
  await desk.open();
  await desk.refresh();
  expect(jobs).toEqual(["collecting statistics"]);
  expect(desk.collecting).toBe(true);
  end(nothing);
  await collecting;
  expect(desk.collecting).toBe(false);
});
