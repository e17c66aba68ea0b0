import { describe, expect, test } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Graph } from "../../../src/engine/graphs/Graph.ts";
import { matrixInput } from "../../../src/engine/graphs/matrix.ts";
import { checkMatrix, matrixCases } from "./matrixChecks.ts";

// The table is what wasm needs; the cpu provider runs both.
describe.for(["operator", "table"] as const)("expanded by %s", (expansion) => {
  test.for(Object.entries(matrixCases))("%s: x W + b, its gradient, and W itself", ([, spec]) =>
    checkMatrix(nodeRuntime(), spec, expansion),
  );
});

test.each(["f16", "q8", "q4"] as const)(
  "what the forward run saves holds no expanded %s weights",
  (form) => {
    const graph = new Graph();
    const x = graph.input("x", ["batch", 64]);
    const layout = { form, parts: [32] };
    const y = matrixInput(graph, "w", { shape: [64, 32], layout, expansion: "operator" }).times(x);
    const boundary = graph.size;
    const [dx] = graph.vjp(y, graph.input("dy", y.shape), [x]);
    expect(graph.split({ y }, { dx }, boundary).saved).toEqual([]);
  },
);
