import { expect } from "vitest";
import { fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";
import { Graph } from "../../../src/engine/graphs/Graph.ts";
import { type Expansion, matrixInput } from "../../../src/engine/graphs/matrix.ts";
import { openMemory, type Numbers } from "../../../src/engine/runtime/Memory.ts";
import {
  bitsOf,
  isQuantized,
  type Layout,
  type Precision,
} from "../../../src/engine/checkpoint/precision.ts";
import { Programs } from "../../../src/engine/runtime/Programs.ts";
import { dequantizeRows, quantizeRows } from "../../../src/engine/checkpoint/quantize.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";

export interface MatrixCase {
  form: Precision;
  /** Outputs of each part. */
  parts: number[];
  inputs: number;
  outMajor?: boolean;
  bias?: boolean;
}

export const matrixCases: Record<string, MatrixCase> = {
  "float32, whole": { form: "f32", parts: [12], inputs: 40, bias: true },
  "float32, three parts": { form: "f32", parts: [8, 8, 4], inputs: 40, bias: true },
  "float32, a table": { form: "f32", parts: [8, 8, 3], inputs: 40, outMajor: true, bias: true },
  "float16, two parts": { form: "f16", parts: [8, 4], inputs: 40, bias: true },
  "float16, a table": { form: "f16", parts: [12], inputs: 40, outMajor: true },
  "8 bits, whole": { form: "q8", parts: [12], inputs: 64, bias: true },
  "8 bits, three parts of padded blocks": { form: "q8", parts: [8, 8, 4], inputs: 72, bias: true },
  "4 bits, whole": { form: "q4", parts: [12], inputs: 64 },
  "4 bits, three parts of padded blocks": { form: "q4", parts: [8, 8, 4], inputs: 72, bias: true },
};

const wave = (n: number, by: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(by * i + by));

/** x W + b, its gradient by x and W expanded, against the same in float64 with the weights as they are stored. */
export async function checkMatrix(runtime: Runtime, spec: MatrixCase, expansion: Expansion) {
  const { form, parts, inputs, outMajor = isQuantized(form), bias = false } = spec;
  const outputs = parts.reduce((sum, part) => sum + part, 0);
  const layout: Layout = { form, parts };
  const memory = openMemory(runtime);
  const programs = new Programs(runtime, memory);
  const stored = storedWeights(form, [inputs, outputs]);
  const feeds = {
    ...partFeeds(stored, layout, { inputs, outMajor }),
    x: { data: wave(2 * 3 * inputs, 0.37), dims: [2, 3, inputs] },
    dy: { data: wave(2 * 3 * outputs, 0.53), dims: [2, 3, outputs] },
  };
  const biased = bias ? { ...feeds, b: { data: wave(outputs, 0.71), dims: [outputs] } } : feeds;
  const graph = new Graph();
  const x = graph.input("x", ["batch", "token", inputs]);
  const shape = [inputs, outputs] as const;
  const matrix = matrixInput(graph, "w", { shape, layout, outMajor, expansion });
  const y = matrix.times(x, bias ? graph.input("b", [outputs]) : undefined);
  const [dx] = graph.vjp(y, graph.input("dy", y.shape), [x]);
  const expanded = Object.fromEntries(matrix.stored().map((part, i) => [`part.${i}`, part]));
  const program = await programs.get("matrix", () => graph.build({ y, dx, ...expanded }));
  const tensors = Object.fromEntries(
    Object.entries(biased).map(([name, { data, dims }]) => [name, memory.upload(data, dims)]),
  );
  const results = await program.run(tensors);
  const read = async (name: string) => Float32Array.from(await memory.read(results[name]));
  const { data: xs } = feeds.x;
  const b = bias ? wave(outputs, 0.71) : new Float32Array(outputs);
  const expectedY = new Float32Array(6 * outputs);
  const expectedX = new Float32Array(6 * inputs);
  for (let row = 0; row < 6; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = b[o];
      for (let i = 0; i < inputs; i++) {
        sum += xs[row * inputs + i] * stored.dense[o * inputs + i];
        expectedX[row * inputs + i] +=
          feeds.dy.data[row * outputs + o] * stored.dense[o * inputs + i];
      }
      expectedY[row * outputs + o] = sum;
    }
  }
  expect(await read("y")).toBeAllclose(expectedY, { rtol: 1e-4, atol: 1e-4 });
  expect(await read("dx")).toBeAllclose(expectedX, { rtol: 1e-4, atol: 1e-4 });
  let first = 0;
  for (const [p, part] of parts.entries()) {
    const dense = Float32Array.from({ length: inputs * part }, (_, at) => {
      const [i, o] = outMajor
        ? [at % inputs, Math.floor(at / inputs)]
        : [Math.floor(at / part), at % part];
      return stored.dense[(first + o) * inputs + i];
    });
    expect(await read(`part.${p}`)).toBeAllclose(dense);
    first += part;
  }
  memory.clear();
  expect(memory.ledger).toMatchObject({ bytes: 0, tensors: 0 });
  await programs.dispose();
}

/** Weights by rows of outputs: what they are worth (`dense`), and how they are stored. */
function storedWeights(form: Precision, [inputs, outputs]: readonly [number, number]) {
  const raw = wave(inputs * outputs, 1.3);
  if (isQuantized(form)) {
    const blocks = quantizeRows(raw, [outputs, inputs], bitsOf(form));
    return { blocks, dense: dequantizeRows(blocks, [outputs, inputs], bitsOf(form)) };
  }
  return { dense: form === "f16" ? fromFloat16(toFloat16(raw)) : raw };
}

function partFeeds(
  { dense, blocks }: ReturnType<typeof storedWeights>,
  { form, parts }: Layout,
  { inputs, outMajor }: { inputs: number; outMajor: boolean },
) {
  const feeds: Record<string, { data: Numbers; dims: number[] }> = {};
  let first = 0;
  parts.forEach((part, p) => {
    const name = parts.length > 1 ? `w.${p}` : "w";
    if (blocks) {
      const count = Math.ceil(inputs / 32);
      const bytes = form === "q4" ? 16 : 32;
      const range = [first * count, (first + part) * count];
      const q = blocks.q.slice(range[0] * bytes, range[1] * bytes);
      feeds[`${name}.q`] = { data: q, dims: [part, count, bytes] };
      feeds[`${name}.scale`] = { data: blocks.scale.slice(...range), dims: [part, count] };
    } else {
      const rows = dense.slice(first * inputs, (first + part) * inputs);
      const data = outMajor
        ? rows
        : Float32Array.from(rows, (_, at) => rows[(at % part) * inputs + Math.floor(at / part)]);
      const dims = outMajor ? [part, inputs] : [inputs, part];
      feeds[name] = { data: form === "f16" ? toFloat16(data) : data, dims };
    }
    first += part;
  });
  return feeds;
}
