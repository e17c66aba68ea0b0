import { expect, test } from "vitest";
import { scorePlot } from "../../src/studies/scorePlot.ts";

const point = (at: number, norm?: number) => ({
  at,
  label: `${at}`,
  scores: { ES: 1, PS: 0.9, NS: 0.7 },
  norm,
});
const words = { title: "ROME", axis: "layer" };

test("norms are a line of their own, and what is above 1 stays on the paper", () => {
  const svg = scorePlot([point(0, 0.2), point(1, 2.5)], words);
  expect(svg.match(/<polyline/g)).toHaveLength(4);
  expect(svg).toContain("‖ΔW‖/‖W‖");
  const heights = [...svg.matchAll(/cy="([\d.-]+)"/g)].map(([, at]) => Number(at));
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(40);
});

test("without norms there are three lines", () => {
  expect(scorePlot([point(0), point(1)], words).match(/<polyline/g)).toHaveLength(3);
});
