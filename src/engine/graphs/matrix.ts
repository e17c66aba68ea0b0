import {
  bitsOf,
  blocksOf,
  isQuantized,
  type Layout,
  type Precision,
} from "../checkpoint/precision.ts";
import type { Graph, Value } from "./Graph.ts";
import { add, concat, gather, gemm, mul, overRows, reshape, slice, transpose } from "./ops.ts";

/** How a provider expands blocks to float32: by an operator of its own, or by looking bytes up in a table. */
export type Expansion = "operator" | "table";

export interface MatrixSpec {
  /** [inputs, outputs]. */
  shape: readonly [number, number];
  layout: Layout;
  /** Whether float parts lie as [outputs, inputs], as tables of tokens do; quantized ones always do. */
  outMajor?: boolean;
  expansion: Expansion;
}

/** A matrix W [inputs, outputs] of a graph, in whatever form and however many parts it is fed. */
export interface Matrix {
  /** x W + b for x [.., inputs], b [outputs]. Its gradient is by x alone. */
  times(x: Value, bias?: Value): Value;
  /** Each part as float32 as it lies: [inputs, part], or [part, inputs] where it is `outMajor`. */
  stored(): Value[];
}

/** What the inputs of one part are called: the matrix's name, and a number where there are several. */
export const partName = (name: string, part: number, { parts }: Layout): string =>
  parts.length === 1 ? name : `${name}.${part}`;

/**
 * Declares a matrix as inputs of a graph: `name` where it is float and whole, `name.0`… where it is split, and for
 * quantized parts `….q` [outputs, blocks, bytes] with `….scale` [outputs, blocks] (onnxruntime's MatMulNBits).
 */
export function matrixInput(graph: Graph, name: string, spec: MatrixSpec): Matrix {
  const { layout } = spec;
  const parts = layout.parts.map((outputs, i) =>
    partInput(graph, partName(name, i, layout), { ...spec, outputs }),
  );
  return {
    times(x, bias) {
      if (parts.length === 1) return parts[0].times(x, bias);
      const whole = concat(
        parts.map((part) => part.times(x)),
        x.shape.length - 1,
      );
      return bias ? add(whole, bias) : whole;
    },
    stored: () => parts.map((part) => part.stored()),
  };
}

type PartSpec = MatrixSpec & { outputs: number };
type Part = { times(x: Value, bias?: Value): Value; stored(): Value };

function partInput(graph: Graph, name: string, spec: PartSpec): Part {
  return isQuantized(spec.layout.form)
    ? quantizedPart(graph, name, spec, spec.layout.form)
    : floatPart(graph, name, spec, spec.layout.form);
}

function floatPart(
  graph: Graph,
  name: string,
  { shape: [inputs], outputs, outMajor = false }: PartSpec,
  form: Precision,
): Part {
  const shape = outMajor ? [outputs, inputs] : [inputs, outputs];
  const stored = graph.input(name, shape, form === "f16" ? "float16" : "float32");
  if (form === "f32") {
    return {
      times: (x, bias) => overRows(x, (rows) => gemm(rows, stored, { transB: outMajor, bias })),
      stored: () => stored,
    };
  }
  return {
    times: (x, bias) => overRows(x, (rows) => halfProduct(rows, stored, { outMajor, bias })),
    stored: () => toFloat32(stored),
  };
}

/** A Gemm whose gradient converts the weights anew: kept from the forward run they would fill the memory. */
function halfProduct(
  rows: Value,
  stored: Value,
  { outMajor, bias }: { outMajor: boolean; bias: Value | undefined },
): Value {
  const [y] = rows.graph.add({
    op: "Gemm",
    inputs: [rows, toFloat32(stored), ...(bias ? [bias] : [])],
    attributes: { transB: Number(outMajor) },
    outputs: [{ shape: [rows.shape[0], stored.shape[outMajor ? 0 : 1]] }],
    vjp: ([dy]) => [gemm(dy!, toFloat32(stored), { transB: !outMajor })],
  });
  return y;
}

function quantizedPart(
  graph: Graph,
  name: string,
  { shape: [inputs], outputs, outMajor, expansion }: PartSpec,
  form: "q8" | "q4",
): Part {
  const bits = bitsOf(form);
  const blocks = blocksOf(inputs);
  const q = graph.input(`${name}.q`, [outputs, blocks, 4 * bits], "uint8");
  const scale = graph.input(`${name}.scale`, [outputs, blocks]);
  const rows = () => expand({ q, scale, bits, inputs }, expansion);
  return {
    times(x, bias) {
      const y = overRows(x, (flat) => {
        const [product] = graph.add({
          op: "MatMulNBits",
          domain: "com.microsoft",
          inputs: [flat, q, reshape(scale, [outputs * blocks])],
          // Level 1 keeps the activations float32.
          attributes: { K: inputs, N: outputs, bits, block_size: 32, accuracy_level: 1 },
          outputs: [{ shape: [flat.shape[0], outputs] }],
          vjp: ([dy]) => [gemm(dy!, rows())],
        });
        return product;
      });
      return bias ? add(y, bias) : y;
    },
    stored: () => (outMajor ? rows() : transpose(rows(), [1, 0])),
  };
}

interface Blocks {
  /** [rows, blocks, bytes]. */
  q: Value;
  /** [rows, blocks]. */
  scale: Value;
  bits: 4 | 8;
  /** Numbers in a row; the last block may hold more. */
  inputs: number;
}

/** (q − zero) · scale as float32 [rows, inputs]; zero is 8 for four bits, 128 for eight. */
export function expand(blocks: Blocks, expansion: Expansion, at?: Value): Value {
  const { q, inputs } = blocks;
  const wide = expansion === "operator" ? byOperator(blocks, at) : byTable(blocks);
  const all = blocksOf(inputs) * 32;
  const flat = reshape(wide, [typeof q.shape[0] === "number" ? q.shape[0] : 0, all]);
  return all === inputs ? flat : slice(flat, 1, [0, inputs]);
}

function byOperator({ q, scale, bits }: Blocks, at?: Value): Value {
  const { graph } = q;
  const [rows, blocks] = q.shape;
  const every =
    at ??
    graph.constant(
      Int32Array.from({ length: Number(rows) }, (_, i) => i),
      [Number(rows)],
    );
  const [wide] = graph.add({
    op: "GatherBlockQuantized",
    domain: "com.microsoft",
    inputs: [q, every, reshape(scale, [0, 0, 1])],
    attributes: { bits, block_size: 32, quantize_axis: 2, gather_axis: 0 },
    outputs: [{ shape: [rows, blocks, 32] }],
  });
  return wide;
}

/** A byte's one or two weights, before they are scaled, by its value: [256, weights]. */
function byTable({ q, scale, bits }: Blocks): Value {
  const { graph } = q;
  const [rows, blocks] = q.shape;
  const values = Float32Array.from({ length: bits === 4 ? 512 : 256 }, (_, i) =>
    bits === 8 ? i - 128 : (((i >> 1) >> (i % 2 ? 4 : 0)) % 16) - 8,
  );
  const table = graph.constant(values, [256, 8 / bits]);
  const [index] = graph.add({
    op: "Cast",
    inputs: [q],
    attributes: { to: 6 },
    outputs: [{ shape: q.shape, type: "int32" }],
  });
  const looked = reshape(gather(table, index), [0, 0, 32]);
  return mul({ ...looked, shape: [rows, blocks, 32] }, reshape(scale, [0, 0, 1]));
}

/** A float16 value as float32. */
export function toFloat32(half: Value): Value {
  const [y] = half.graph.add({
    op: "Cast",
    inputs: [half],
    attributes: { to: 1 },
    outputs: [{ shape: half.shape }],
  });
  return y;
}
