import { expect, test } from "vitest";
import { lineChart } from "../../../src/ui/edit/lineChart.ts";

const box = { left: 0, top: 0, width: 100, height: 100 };

test("a line stands at 0, 1, 2, … where it does not say where", () => {
  const { paths } = lineChart([{ name: "loss", values: [4, 2, 0] }], box, { steps: 3 });
  expect(paths[0].d).toBe("M0.0 0.0L50.0 50.0L100.0 100.0");
  expect(paths[0].last).toMatchObject({ x: 100, y: 100, value: 0 });
});

test("values stand where their line says", () => {
  const line = { name: "now", values: [1, 1], at: [0, 10] };
  const { paths } = lineChart([line], box, { steps: 11, ceiling: 1 });
  expect(paths[0].d).toBe("M0.0 0.0L100.0 0.0");
});

test("on a logarithmic axis equal factors are equal distances", () => {
  const { paths, yTicks } = lineChart([{ name: "perplexity", values: [10, 100, 1000] }], box, {
    steps: 3,
    log: true,
  });
  expect(paths[0].d).toBe("M0.0 100.0L50.0 50.0L100.0 0.0");
  expect(yTicks.map(({ label }) => label)).toEqual(expect.arrayContaining(["10", "100", "1000"]));
});

test("a line without values has no end", () => {
  expect(lineChart([{ name: "now", values: [] }], box, { steps: 3 }).paths[0].last).toBeNull();
});
