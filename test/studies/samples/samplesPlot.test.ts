import { expect, test } from "vitest";
import { type SamplePoint, samplesPlot } from "../../../src/studies/samples/samplesPlot.ts";

const scores = (x: number) => ({ ES: x, PS: x - 0.1, NS: 0.5, S: 0.6 });
const points: SamplePoint[] = [
  { keys: 80, multiple: 1, condition: Infinity, failure: "not positive definite" },
  { keys: 160, multiple: 2, condition: 1e8, scores: scores(0.8) },
  { keys: 1600, multiple: 20, condition: 1e5, scores: scores(0.9) },
];

test("draws a line per score through the covariances that edited, and marks all", () => {
  const svg = samplesPlot(points, { title: "MEMIT", name: "a<b", count: 10 });
  expect(svg.match(/<polyline/g)).toHaveLength(3);
  expect(svg.match(/<circle/g)).toHaveLength(6);
  expect(svg).toContain("MEMIT on a&#60;b, 10 facts at once");
  for (const label of ["keys / dMlp", "efficacy ES", ">1<", ">2<", ">20<"]) {
    expect(svg).toContain(label);
  }
  expect(svg).not.toContain("NaN");
});

test("draws its axes where nothing was edited", () => {
  const svg = samplesPlot(points.slice(0, 1), { title: "MEMIT", name: "demo", count: 1 });
  expect(svg).not.toContain("polyline");
  expect(svg).not.toContain("NaN");
});
