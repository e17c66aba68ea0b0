import { type Attribute, type DataType, type Dim, type OnnxTensor, serialize } from "./onnx.ts";

export type Shape = readonly Dim[];

/** Gradients of a node's inputs from those of its outputs; undefined where there is none. */
type Vjp = (gradients: (Value | undefined)[]) => (Value | undefined)[];

interface Node {
  id: number;
  op: string;
  domain: string;
  inputs: readonly Value[];
  outputs: Value[];
  attributes: Readonly<Record<string, Attribute>>;
  vjp: Vjp | undefined;
}

/** A tensor in a graph: its name, symbolic shape and element type. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly type: DataType;
  /** What computes it; absent for inputs and constants. */
  readonly node?: Node;
}

export interface NodeSpec {
  op: string;
  domain?: string;
  inputs: readonly Value[];
  attributes?: Record<string, Attribute>;
  outputs: readonly { shape: Shape; type?: DataType }[];
  /** Absent where the op has no gradient; `Graph.vjp` then throws if one is asked for. */
  vjp?: Vjp | undefined;
}

/** An ONNX model with the names it is fed and read by. */
export interface GraphProgram {
  bytes: Uint8Array;
  inputs: string[];
  /** What each output is called in the file: an input may have the same name. */
  outputs: Record<string, string>;
}

/**
 * A symbolic graph over ONNX ops, with shape inference and reverse-mode gradients.
 *
 * Ops are the functions of ops.ts. A forward graph is extended in place by `vjp`; `build` then
 * writes any part of it, and `split` the forward and the backward part as two programs that share
 * saved values.
 */
export class Graph {
  #names = 0;
  #nodes: Node[] = [];
  #inputs = new Map<string, Value>();
  #constants = new Map<Value, OnnxTensor>();

  /** A value that is fed at every run. */
  input(name: string, shape: Shape, type: DataType = "float32"): Value {
    if (this.#inputs.has(name)) throw new Error(`the graph already has an input "${name}"`);
    const value: Value = { graph: this, name, shape, type };
    this.#inputs.set(name, value);
    return value;
  }

  /** A value stored in the graph: float32 from a Float32Array, int64 from a BigInt64Array. */
  constant(data: Float32Array | Int32Array | BigInt64Array, shape: readonly number[]): Value {
    const type =
      data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "int64";
    const name = this.#fresh("constant");
    const value: Value = { graph: this, name, shape, type };
    this.#constants.set(value, { name, type, shape, data });
    return value;
  }

  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  int64(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Adds a node and returns its outputs. Only ops.ts calls this. */
  add({ op, domain = "", inputs, attributes = {}, outputs, vjp }: NodeSpec): Value[] {
    const node: Node = { id: this.#nodes.length, op, domain, inputs, outputs: [], attributes, vjp };
    node.outputs = outputs.map(({ shape, type = "float32" }) => ({
      graph: this,
      name: this.#fresh(op),
      shape,
      type,
      node,
    }));
    this.#nodes.push(node);
    return node.outputs;
  }

  /** How many nodes there are: nodes added later belong to what is built later (see `split`). */
  get size(): number {
    return this.#nodes.length;
  }

  /**
   * Extends the graph with the vector–Jacobian product dyᵀ ∂y/∂x for every x of `wrt`.
   *
   * Throws where an op on the way has no gradient or y does not depend on x.
   */
  vjp(y: Value, dy: Value, wrt: readonly Value[]): Value[] {
    const nodes = this.#nodes.slice();
    const active = dependents(nodes, wrt);
    const gradients = new Map<Value, Value>([[y, dy]]);
    for (const node of nodes.reverse()) {
      const outputs = node.outputs.map((output) => gradients.get(output));
      if (outputs.every((gradient) => !gradient)) continue;
      if (!node.inputs.some((input) => active.has(input))) continue;
      if (!node.vjp) throw new Error(`${node.op} has no gradient`);
      accumulate(gradients, node, node.vjp(outputs), active);
    }
    return wrt.map((x) => {
      const gradient = gradients.get(x);
      if (!gradient) throw new Error(`the output does not depend on "${x.name}"`);
      return gradient;
    });
  }

  /** Serialises what the outputs need. Values in `given` are fed instead of computed. */
  build(outputs: Record<string, Value>, given: Record<string, Value> = {}): GraphProgram {
    const names = new Map<Value, string>();
    for (const [name, value] of Object.entries(given)) names.set(value, name);
    const { nodes, leaves } = this.#needed(Object.values(outputs), new Set(Object.values(given)));
    const nameOf = (value: Value) => names.get(value) ?? value.name;
    const inputs = leaves.filter((leaf) => !this.#constants.has(leaf));
    const { files, copies } = outputFiles(outputs, new Set(leaves));
    const bytes = serialize({
      nodes: [
        ...nodes.map(({ inputs: ins, outputs: outs, ...node }) => ({
          ...node,
          inputs: ins.map(nameOf),
          outputs: outs.map((out) => out.name),
        })),
        ...copies.map(({ value, name }) => identity(nameOf(value), name)),
      ],
      inputs: inputs.map((value) => ({ ...pick(value), name: nameOf(value) })),
      outputs: Object.entries(outputs).map(([name, value]) => ({
        ...pick(value),
        name: files[name],
      })),
      initializers: leaves.flatMap((leaf) => this.#constants.get(leaf) ?? []),
    });
    return { bytes, inputs: inputs.map(nameOf), outputs: files };
  }

  /**
   * Two programs: one computes `forward` and, as `saved.0…`, what the other needs of it; the
   * other computes `backward` from these. `boundary` is the graph's size before `vjp`.
   */
  split(
    forward: Record<string, Value>,
    backward: Record<string, Value>,
    boundary: number,
  ): { forward: GraphProgram; backward: GraphProgram; saved: string[] } {
    const saved = this.saved(backward, boundary);
    return {
      forward: this.build({ ...forward, ...saved }),
      backward: this.build(backward, saved),
      saved: Object.keys(saved),
    };
  }

  /** What `split` hands from the forward to the backward program. */
  saved(backward: Record<string, Value>, boundary: number): Record<string, Value> {
    const isForward = (value: Value) => value.node !== undefined && value.node.id < boundary;
    const saved: Record<string, Value> = {};
    const seen = new Set<Value>();
    const visit = (value: Value) => {
      if (seen.has(value)) return;
      seen.add(value);
      if (isForward(value)) saved[`saved.${Object.keys(saved).length}`] = value;
      else value.node?.inputs.forEach(visit);
    };
    Object.values(backward).forEach(visit);
    return saved;
  }

  /** The nodes in order, and the inputs and constants, that these values are computed from. */
  #needed(values: readonly Value[], given: ReadonlySet<Value>) {
    const nodes = new Set<Node>();
    const leaves = new Set<Value>();
    const stack = [...values];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (given.has(value) || !value.node) leaves.add(value);
      else if (!nodes.has(value.node)) {
        nodes.add(value.node);
        stack.push(...value.node.inputs);
      }
    }
    return { nodes: [...nodes].sort((a, b) => a.id - b.id), leaves: [...leaves] };
  }

  #fresh(op: string): string {
    return `${op}.${this.#names++}`;
  }
}

/**
 * What outputs are called in the file. What nothing computes (an output can't be an input in ONNX) and
 * what an earlier output is already are copied, so that each output can be freed by itself.
 */
function outputFiles(outputs: Record<string, Value>, leaves: ReadonlySet<Value>) {
  const files: Record<string, string> = {};
  const copies: { value: Value; name: string }[] = [];
  const taken = new Set<Value>();
  for (const [name, value] of Object.entries(outputs)) {
    const free = !leaves.has(value) && !taken.has(value);
    files[name] = free ? value.name : `copy.${name}`;
    if (free) taken.add(value);
    else copies.push({ value, name: files[name] });
  }
  return { files, copies };
}

const identity = (input: string, output: string) => ({
  op: "Identity",
  domain: "",
  inputs: [input],
  outputs: [output],
  attributes: {},
});

const pick = ({ shape, type }: Value) => ({ shape, type });

/** Every value that depends on one of `wrt`, these included. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): Set<Value> {
  const active = new Set(wrt);
  for (const node of nodes) {
    if (node.inputs.some((input) => active.has(input))) node.outputs.forEach((o) => active.add(o));
  }
  return active;
}

function accumulate(
  gradients: Map<Value, Value>,
  node: Node,
  contributions: readonly (Value | undefined)[],
  active: ReadonlySet<Value>,
) {
  contributions.forEach((gradient, i) => {
    const input = node.inputs[i];
    if (!gradient || !active.has(input)) return;
    const sum = gradients.get(input);
    gradients.set(input, sum ? addGradients(sum, gradient) : gradient);
  });
}

function addGradients(a: Value, b: Value): Value {
  const [sum] = a.graph.add({ op: "Add", inputs: [a, b], outputs: [{ shape: a.shape }] });
  return sum;
}
