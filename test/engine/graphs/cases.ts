import { Graph, type Value } from "../../../src/engine/graphs/Graph.ts";
import { gelu, geluNew } from "../../../src/engine/graphs/activations.ts";
import * as ops from "../../../src/engine/graphs/ops.ts";
import { serializedRun } from "../../support/engine/programs.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";

/** One op in a graph: the shapes of its float inputs, and how y is made of them. */
interface Case {
  shapes: number[][];
  build: (graph: Graph, inputs: Value[]) => Value;
  /** Keeps inputs positive, for roots, logarithms and divisors. */
  positive?: boolean;
  /** Ops that gradients don't pass. */
  forwardOnly?: boolean;
}

const norm = { epsilon: 1e-5 };

export const cases: Record<string, Case> = {
  add: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: (_, [a, b]) => ops.add(a, b),
  },
  "add, broadcast": {
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    build: (_, [a, b]) => ops.add(a, b),
  },
  sub: { shapes: [[2, 3], [3]], build: (_, [a, b]) => ops.sub(a, b) },
  "sub from a broadcast": {
    shapes: [
      [1, 3],
      [2, 3],
    ],
    build: (_, [a, b]) => ops.sub(a, b),
  },
  mul: {
    shapes: [
      [2, 3, 5],
      [2, 1, 5],
    ],
    build: (_, [a, b]) => ops.mul(a, b),
  },
  div: { shapes: [[2, 3], [3]], positive: true, build: (_, [a, b]) => ops.div(a, b) },
  neg: { shapes: [[7]], build: (_, [x]) => ops.neg(x) },
  exp: { shapes: [[3, 2]], build: (_, [x]) => ops.exp(x) },
  log: { shapes: [[3, 2]], positive: true, build: (_, [x]) => ops.log(x) },
  sqrt: { shapes: [[3, 2]], positive: true, build: (_, [x]) => ops.sqrt(x) },
  tanh: { shapes: [[3, 2]], build: (_, [x]) => ops.tanh(x) },
  geluNew: { shapes: [[5, 7]], build: (_, [x]) => geluNew(x) },
  gelu: { shapes: [[5, 7]], build: (_, [x]) => gelu(x) },
  "matMul by a matrix": {
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (_, [a, b]) => ops.matMul(a, b),
  },
  "matMul, batched": {
    shapes: [
      [2, 3, 4, 5],
      [2, 3, 5, 2],
    ],
    build: (_, [a, b]) => ops.matMul(a, b),
  },
  "matMul, broadcast batch": {
    shapes: [
      [2, 3, 4, 5],
      [1, 3, 5, 2],
    ],
    build: (_, [a, b]) => ops.matMul(a, b),
  },
  gemm: {
    shapes: [
      [3, 4],
      [4, 5],
    ],
    build: (_, [a, b]) => ops.gemm(a, b),
  },
  "gemm, left transposed": {
    shapes: [
      [4, 3],
      [4, 5],
    ],
    build: (_, [a, b]) => ops.gemm(a, b, { transA: true }),
  },
  "gemm, right transposed": {
    shapes: [
      [3, 4],
      [5, 4],
    ],
    build: (_, [a, b]) => ops.gemm(a, b, { transB: true }),
  },
  "gemm, both transposed": {
    shapes: [
      [4, 3],
      [5, 4],
    ],
    build: (_, [a, b]) => ops.gemm(a, b, { transA: true, transB: true }),
  },
  "gemm with a bias": {
    shapes: [[3, 4], [4, 5], [5]],
    build: (_, [a, b, bias]) => ops.gemm(a, b, { bias }),
  },
  linear: {
    shapes: [[2, 3, 4], [4, 5], [5]],
    build: (_, [x, weight, bias]) => ops.linear(x, weight, bias),
  },
  transpose: { shapes: [[2, 3, 4]], build: (_, [x]) => ops.transpose(x, [2, 0, 1]) },
  reshape: { shapes: [[2, 3, 4]], build: (_, [x]) => ops.reshape(x, [0, -1]) },
  reshapeLike: {
    shapes: [
      [6, 4],
      [2, 3, 4],
    ],
    build: (_, [x, like]) => ops.mul(ops.reshapeLike(x, like), like),
  },
  flattenRows: { shapes: [[2, 3, 4]], build: (_, [x]) => ops.flattenRows(x) },
  split: {
    shapes: [[2, 6]],
    build: (_, [x]) => {
      const [a, , c] = ops.split(x, [2, 1, 3], 1);
      return ops.concat([c, ops.mul(a, a)], 1);
    },
  },
  slice: { shapes: [[2, 5]], build: (_, [x]) => ops.slice(x, 1, [1, 3]) },
  "slice to the end": { shapes: [[5, 2]], build: (_, [x]) => ops.slice(x, 0, [2, 9]) },
  concat: {
    shapes: [
      [2, 3, 2],
      [2, 1, 2],
    ],
    build: (_, [a, b]) => ops.concat([a, b], 1),
  },
  "reduceSum of one axis": { shapes: [[2, 3, 4]], build: (_, [x]) => ops.reduceSum(x, [1], false) },
  "reduceSum, kept": { shapes: [[2, 3, 4]], build: (_, [x]) => ops.reduceSum(x, [0, 2], true) },
  meanLast: { shapes: [[3, 5]], build: (_, [x]) => ops.meanLast(x) },
  softmax: { shapes: [[2, 3, 5]], build: (_, [x]) => ops.softmax(x) },
  logSumExp: { shapes: [[3, 5]], build: (_, [x]) => ops.logSumExp(x) },
  layerNorm: {
    shapes: [[2, 3, 6], [6], [6]],
    build: (_, [x, weight, bias]) => ops.layerNorm(x, { weight, bias, ...norm }),
  },
  gather: {
    shapes: [[4, 3]],
    forwardOnly: true,
    build: (graph, [table]) => ops.gather(table, graph.constant(Int32Array.of(2, 0, 3, 3), [2, 2])),
  },
};

/** Forward values and, per input, the gradient's component along a direction, twice computed. */
export interface Checked {
  y: Float32Array;
  slopes: { analytic: number; numeric: number }[];
}

/**
 * Runs a case: L = Σ w ⊙ y for random w, dL/dx·v by `vjp` and by central differences along v.
 */
export async function check(runtime: Runtime, { shapes, build, ...rest }: Case): Promise<Checked> {
  const random = new NumpyRandom(1);
  const draw = (shape: number[]) =>
    Float32Array.from(random.randn(size(shape)), (z) => (rest.positive ? 1 + Math.abs(z) : z));
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const y = build(graph, inputs);
  const xs = shapes.map(draw);
  const feeds = (values: Float32Array[]) =>
    Object.fromEntries(values.map((data, i) => [`x${i}`, { data, dims: shapes[i] }]));
  const forward = await serializedRun(runtime, graph.build({ y }));
  const base = (await forward.run(feeds(xs))).y;
  if (rest.forwardOnly) return { y: base.data, slopes: [] };

  const w = Float32Array.from(random.randn(base.data.length));
  const dy = graph.input("dy", y.shape);
  const gradients = graph.vjp(y, dy, inputs);
  const names = Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient]));
  const backward = await serializedRun(runtime, graph.build(names));
  const found = await backward.run({ ...feeds(xs), dy: { data: w, dims: base.dims } });
  const slopes = [];
  for (const [i, x] of xs.entries()) {
    const v = Float32Array.from(random.randn(x.length));
    const h = 1e-2;
    const moved = async (sign: number) => {
      const shifted = xs.with(
        i,
        x.map((value, j) => value + sign * h * v[j]),
      );
      return dot(w, (await forward.run(feeds(shifted))).y.data);
    };
    const numeric = ((await moved(1)) - (await moved(-1))) / (2 * h);
    slopes.push({ analytic: dot(found[`d${i}`].data, v), numeric });
  }
  await forward.release();
  await backward.release();
  return { y: base.data, slopes };
}

const size = (shape: number[]) => shape.reduce((product, dim) => product * dim, 1);
const dot = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
