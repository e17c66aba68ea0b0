import { expect, test } from "vitest";
import { Pace } from "../../../src/ui/jobs/Pace.ts";

/** Reports of a job that takes so many seconds for each of its steps, after so many of preparing. */
function steady({ prepare, step, steps }: { prepare: number; step: number; steps: number }) {
  return Array.from({ length: steps }, (_, i) => [prepare + step * (i + 1), i + 1] as const);
}

/** What was expected to be left, beside what was, at every moment from a share of the whole on. */
function errors(reports: readonly (readonly [number, number])[], from = 0.1) {
  const [end, total] = reports.at(-1)!;
  const pace = new Pace(0);
  const found: number[] = [];
  let next = 0;
  for (let at = 0; at < end; at += end / 400) {
    for (; next < reports.length && reports[next][0] <= at; next++)
      pace.report(1000 * reports[next][0], reports[next][1], total);
    const left = pace.left(1000 * at);
    // What takes two seconds more is as good as over: of that a reader is told "a moment".
    if (at > from * end && end - at > 2) found.push((left ?? NaN) / (end - at));
  }
  return found;
}

test("a steady job's rest is known from the first steps on, whatever went before them", () => {
  for (const ratio of errors(steady({ prepare: 10, step: 0.5, steps: 200 }), 0.13)) {
    expect(ratio).toBeGreaterThan(1 / 1.5);
    expect(ratio).toBeLessThan(1.5);
  }
});

test("a job that becomes faster is believed", () => {
  const slow = steady({ prepare: 0, step: 1, steps: 20 });
  const fast = steady({ prepare: 20, step: 0.25, steps: 180 }).map(([at, done]) => [at, done + 20]);
  const pace = new Pace(0);
  for (const [at, done] of [...slow, ...fast].slice(0, 120)) pace.report(1000 * at, done, 200);
  expect(pace.left(45_000)).toBeCloseTo(80 * 0.25, 0);
});

test("two seconds are enough to tell, and nothing is told from nothing", () => {
  const pace = new Pace(0);
  expect(pace.left(1000)).toBeUndefined();
  pace.report(1500, 1, 100);
  expect(pace.left(2000)).toBeGreaterThan(100);
});

test("what stands is not slow: time between the steps of a job counts for nothing", () => {
  const pace = new Pace(0);
  for (let i = 1; i <= 10; i++) pace.report(1000 * i, i, 20);
  pace.stand(10_000, true);
  expect(pace.left(1e6)).toBeCloseTo(10);
  pace.stand(100_000, false);
  expect(pace.left(100_500)).toBeCloseTo(9.5);
  expect(pace.worked(100_500)).toBeCloseTo(10.5);
});

test("a step that is overdue makes the rest longer, not shorter", () => {
  const pace = new Pace(0);
  for (let i = 1; i <= 10; i++) pace.report(1000 * i, i, 20);
  const told = [10, 10.5, 12, 15, 30].map((at) => pace.left(1000 * at)!);
  expect(told[1]).toBeLessThan(told[0]);
  expect(told[3]).toBeGreaterThan(told[2]);
  expect(told[4]).toBeGreaterThan(told[3]);
});

test("what counts anew begins anew", () => {
  const pace = new Pace(0);
  for (let i = 1; i <= 10; i++) pace.report(100 * i, i, 10);
  pace.report(2000, 0, 50);
  expect(pace.left(2500)).toBeUndefined();
  for (let i = 1; i <= 5; i++) pace.report(2000 + 1000 * i, i, 50);
  expect(pace.left(7000)).toBeCloseTo(45);
});
