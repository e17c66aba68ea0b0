import type { Value } from "./Graph.ts";
import type { DataType, Dim } from "./onnx.ts";

/** Sizes of the axes that a graph names. */
export type Dims = Readonly<Record<string, number>>;

/** What one run of a graph takes, in bytes. */
export interface GraphBytes {
  /** Of everything that it is fed, weights included. */
  inputs: number;
  outputs: number;
  /** What is live at once between the two at most, were each value freed after its last use. */
  inner: number;
  /** The largest single value. */
  largest: number;
}

type Node = NonNullable<Value["node"]>;

const sizes: Record<DataType, number> = {
  float32: 4,
  int32: 4,
  int64: 8,
  float16: 2,
  uint8: 1,
  bool: 1,
};

/** Ops whose output is their input's memory under another shape. */
const VIEWS = new Set(["Reshape", "Flatten", "Identity", "Unsqueeze"]);

/** Bytes of a value. Throws where `dims` lacks an axis that its shape names. */
export function valueBytes({ shape, type }: Pick<Value, "shape" | "type">, dims: Dims): number {
  return shape.reduce<number>((product, dim) => product * sizeOf(dim, dims), sizes[type]);
}

/**
 * What computing these outputs takes. Values in `given` are fed instead of computed. With `expands`, a product with
 * quantized blocks is taken to expand them first, as onnxruntime does on a CPU.
 */
export function graphBytes(
  outputs: readonly Value[],
  dims: Dims,
  { given = [], expands = false }: { given?: readonly Value[]; expands?: boolean } = {},
): GraphBytes {
  const fed = new Set(given);
  const { nodes, leaves } = neededBy(outputs, fed);
  const inputs = [...leaves].filter((leaf) => !isConstant(leaf));
  const measure = (value: Value) => valueBytes(value, dims);
  const total = (values: readonly Value[]) => values.reduce((sum, x) => sum + measure(x), 0);
  const all = [...inputs, ...nodes.flatMap((node) => node.outputs)];
  return {
    inputs: total(inputs),
    outputs: total(outputs),
    inner: liveAtMost(nodes, { leaves, outputs, measure, expands }),
    largest: all.reduce((most, value) => Math.max(most, measure(value)), 0),
  };
}

interface Liveness {
  leaves: ReadonlySet<Value>;
  outputs: readonly Value[];
  measure: (value: Value) => number;
  expands: boolean;
}

/** Walks the nodes in their order. A view lives as long as what it looks at; outputs and inputs are not counted. */
function liveAtMost(nodes: readonly Node[], { leaves, outputs, measure, expands }: Liveness) {
  const root = (value: Value): Value =>
    value.node && VIEWS.has(value.node.op) && !leaves.has(value)
      ? root(value.node.inputs[0])
      : value;
  const lastUse = new Map<Value, Node>();
  for (const node of nodes) for (const input of node.inputs) lastUse.set(root(input), node);
  const uncounted = new Set([...outputs, ...leaves]);
  const inner = (value: Value) => !uncounted.has(value) && root(value) === value;
  let [live, most] = [0, 0];
  for (const node of nodes) {
    const made = node.outputs.filter(inner);
    live += made.reduce((sum, value) => sum + measure(value), 0);
    most = Math.max(most, live + (expands ? expandedBytes(node) : 0));
    const dead = new Set([...node.inputs.map(root), ...made]);
    for (const value of dead) {
      if (inner(value) && (lastUse.get(value) ?? node) === node) live -= measure(value);
    }
  }
  return most;
}

/** Of the float32 weights that a product with blocks makes for itself. */
function expandedBytes({ op, attributes }: Node): number {
  return op === "MatMulNBits" ? 4 * Number(attributes.K) * Number(attributes.N) : 0;
}

function neededBy(outputs: readonly Value[], given: ReadonlySet<Value>) {
  const nodes = new Set<Node>();
  const leaves = new Set<Value>();
  const stack = [...outputs];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (given.has(value) || !value.node) leaves.add(value);
    else if (!nodes.has(value.node)) {
      nodes.add(value.node);
      stack.push(...value.node.inputs);
    }
  }
  return { nodes: [...nodes].sort((a, b) => a.id - b.id), leaves };
}

const isConstant = ({ node, name }: Value) => !node && name.startsWith("constant.");

/** A size by its name, which may be a product ("batch·token") of sums ("past+token"). */
function sizeOf(dim: Dim, dims: Dims): number {
  if (typeof dim === "number") return dim;
  const known = dims[dim] as number | undefined;
  if (known !== undefined) return known;
  const factors = dim.split("·");
  if (factors.length > 1) return factors.reduce((product, part) => product * sizeOf(part, dims), 1);
  const terms = dim.split("+");
  if (terms.length > 1) return terms.reduce((sum, part) => sum + sizeOf(part, dims), 0);
  if (/^\d+$/.test(dim)) return Number(dim);
  throw new Error(`unknown axis: ${dim} (known: ${Object.keys(dims).join(", ")})`);
}
