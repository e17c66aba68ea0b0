import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import { JobsDesk } from "../../../src/ui/jobs/JobsDesk.svelte.ts";
import type { JobView } from "../../../workers/protocol/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const view = (id: number, doing: string, rest: Partial<JobView> = {}): JobView => ({
  id,
  doing,
  state: "running",
  before: 0,
  pausable: false,
  ...rest,
});

function opened() {
  const jobs = { table: new Job(), trace: new Job() };
  const calls: string[] = [];
  const desk = new JobsDesk({
    lab: () => ({
      pause: (id, held) => Promise.resolve(void calls.push(`${held ? "pause" : "go on"} ${id}`)),
      cancel: () => Promise.resolve(),
    }),
    jobs,
    cancel: (name) => calls.push(`cancel ${name}`),
  });
  return { jobs, calls, desk };
}

test("every job that takes longer than a blink is shown, with how far it is, in the tab's title too", () => {
  const { desk, jobs } = opened();
  jobs.table.begin(1, "scoring the table");
  expect(desk.shown).toEqual([]);
  vi.advanceTimersByTime(500);
  jobs.table.progress(41, 100);
  jobs.trace.begin(2, "tracing");
  vi.advanceTimersByTime(500);
  expect(desk.shown.map(({ title }) => title)).toEqual(["Scoring the table", "Tracing"]);
  expect(desk.titleMark).toBe("41 % · ");
  jobs.table.end();
  expect(desk.shown.map(({ name }) => name)).toEqual(["trace"]);
  jobs.trace.end();
});

test("a job says what it waits for, and time that it stands is not its pace", () => {
  const { desk, jobs } = opened();
  jobs.table.begin(1, "scoring the table");
  jobs.trace.begin(2, "tracing");
  const waiting = { state: "waiting" as const, before: 1 };
  desk.took([view(1, "scoring the table"), view(2, "tracing", waiting)]);
  vi.advanceTimersByTime(500);
  expect(jobs.trace.estimate).toBe("waits for another job");
  for (let i = 1; i <= 10; i++) {
    vi.advanceTimersByTime(1000);
    jobs.table.progress(i, 20);
  }
  expect(jobs.table.estimate).toBe("about 10 s left");
  desk.took([view(1, "scoring the table", { state: "between" }), view(2, "tracing")]);
  expect(jobs.table.estimate).toBe("a short job goes first");
  vi.advanceTimersByTime(60_000);
  desk.took([view(1, "scoring the table")]);
  vi.advanceTimersByTime(1000);
  expect(jobs.table.estimate).toBe("about 9 s left");
  jobs.table.end();
  jobs.trace.end();
});

test("a job is paused, goes on, and is cancelled from the tray", () => {
  const { desk, jobs, calls } = opened();
  jobs.table.begin(1, "scoring the table");
  vi.advanceTimersByTime(500);
  desk.took([view(1, "scoring the table", { pausable: true })]);
  desk.pause(desk.shown[0]);
  desk.took([view(1, "scoring the table", { pausable: true, state: "paused" })]);
  expect(jobs.table.estimate).toBe("paused");
  desk.pause(desk.shown[0]);
  desk.cancel(desk.shown[0]);
  expect(calls).toEqual(["pause 1", "go on 1", "cancel table"]);
  expect(desk.said).toBe("Scoring the table: cancelled.");
  jobs.table.end();
});

test("the end of a job that took long is announced, and how it ended; of a short one not", () => {
  const { desk, jobs } = opened();
  jobs.trace.begin(1, "tracing");
  jobs.table.begin(2, "scoring the table");
  vi.advanceTimersByTime(200);
  desk.ended("trace");
  expect(desk.said).toBe("");
  vi.advanceTimersByTime(5000);
  desk.ended("table");
  expect(desk.said).toBe("Scoring the table: done.");
  desk.ended("trace", "the prompt is empty");
  expect(desk.said).toBe("Tracing: failed. The prompt is empty.");
});
