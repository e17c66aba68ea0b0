import { expect, test } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Graph } from "../../../src/engine/graphs/Graph.ts";
import { gather } from "../../../src/engine/graphs/ops.ts";
import { cases, check } from "./cases.ts";

test.for(Object.entries(cases))(
  "%s: its gradient agrees with finite differences",
  async ([, op]) => {
    const { slopes } = await check(nodeRuntime(), op);
    expect(slopes.map((s) => s.analytic)).toBeAllclose(
      slopes.map((s) => s.numeric),
      { rtol: 1e-2, atol: 1e-2 },
    );
  },
);

test("a gradient through an op that has none is refused by name", () => {
  const graph = new Graph();
  const table = graph.input("table", [3, 2]);
  const y = gather(table, graph.constant(Int32Array.of(1), [1]));
  expect(() => graph.vjp(y, graph.input("dy", [1, 2]), [table])).toThrow("Gather has no gradient");
});

test("a gradient by something the output does not depend on is refused by name", () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", [2]), graph.input("b", [2])];
  expect(() => graph.vjp(a, graph.input("dy", [2]), [b])).toThrow('does not depend on "b"');
});
