import protobuf, { type Writer } from "protobufjs/minimal.js";

/** Element types of ONNX's TensorProto.DataType that the graphs use. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type DataType = keyof typeof dataTypes;

/** A size, or the name of one that is only known when the graph runs. */
export type Dim = number | string;

export interface OnnxValue {
  name: string;
  type: DataType;
  shape: readonly Dim[];
}

export interface OnnxTensor {
  name: string;
  type: DataType;
  shape: readonly number[];
  data: Float32Array | Int32Array | BigInt64Array;
}

export type Attribute = number | string | readonly number[] | { float: number };

export interface OnnxNode {
  op: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  initializers: readonly OnnxTensor[];
}

/** How a field is written: a number, text, bytes, or a message of its own. */
type Scalar = "string" | "bytes" | "int32" | "int64" | "float";

interface Field {
  id: number;
  type: Scalar | MessageName;
  repeated?: boolean;
}

type Message = Readonly<Record<string, unknown>>;

// The part of onnx.proto that these graphs need: names and field numbers are the format's own, in the order of the
// numbers, in which they are written.
const messages = {
  OperatorSetId: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } },
  Dimension: { dimValue: { id: 1, type: "int64" }, dimParam: { id: 2, type: "string" } },
  Shape: { dim: { id: 1, type: "Dimension", repeated: true } },
  TensorType: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "Shape" } },
  Type: { tensorType: { id: 1, type: "TensorType" } },
  ValueInfo: { name: { id: 1, type: "string" }, type: { id: 2, type: "Type" } },
  Tensor: {
    dims: { id: 1, type: "int64", repeated: true },
    dataType: { id: 2, type: "int32" },
    name: { id: 8, type: "string" },
    rawData: { id: 9, type: "bytes" },
  },
  Attribute: {
    name: { id: 1, type: "string" },
    f: { id: 2, type: "float" },
    i: { id: 3, type: "int64" },
    s: { id: 4, type: "bytes" },
    ints: { id: 8, type: "int64", repeated: true },
    type: { id: 20, type: "int32" },
  },
  Node: {
    input: { id: 1, type: "string", repeated: true },
    output: { id: 2, type: "string", repeated: true },
    name: { id: 3, type: "string" },
    opType: { id: 4, type: "string" },
    attribute: { id: 5, type: "Attribute", repeated: true },
    domain: { id: 7, type: "string" },
  },
  Graph: {
    node: { id: 1, type: "Node", repeated: true },
    name: { id: 2, type: "string" },
    initializer: { id: 5, type: "Tensor", repeated: true },
    input: { id: 11, type: "ValueInfo", repeated: true },
    output: { id: 12, type: "ValueInfo", repeated: true },
  },
  Model: {
    irVersion: { id: 1, type: "int64" },
    producerName: { id: 2, type: "string" },
    graph: { id: 7, type: "Graph" },
    opsetImport: { id: 8, type: "OperatorSetId", repeated: true },
  },
} as const satisfies Record<string, Record<string, Field>>;
type MessageName =
  | "OperatorSetId"
  | "Dimension"
  | "Shape"
  | "TensorType"
  | "Type"
  | "ValueInfo"
  | "Tensor"
  | "Attribute"
  | "Node"
  | "Graph"
  | "Model";

/**
 * Writes a message's fields. By hand, since protobufjs's own encoders are code that it compiles as it goes, and the page's
 * policy lets no code be compiled from text.
 */
function write(writer: Writer, name: MessageName, message: Message): Writer {
  for (const [key, field] of Object.entries<Field>(messages[name])) {
    const value = message[key];
    if (value === undefined) continue;
    for (const one of field.repeated ? (value as unknown[]) : [value])
      writeField(writer, field, one);
  }
  return writer;
}

function writeField(writer: Writer, { id, type }: Field, value: unknown): void {
  const tagged = (wire: number) => writer.uint32((id << 3) | wire);
  if (type === "int32" || type === "int64") tagged(0)[type](value as number);
  else if (type === "float") tagged(5).float(value as number);
  else if (type === "string") tagged(2).string(value as string);
  else if (type === "bytes") tagged(2).bytes(value as Uint8Array);
  else write(tagged(2).fork(), type, value as Message).ldelim();
}

const utf8 = new TextEncoder();

function attribute(name: string, value: Attribute) {
  if (typeof value === "number") return { name, i: value, type: 2 };
  if (typeof value === "string") return { name, s: utf8.encode(value), type: 3 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

const dimension = (dim: Dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim });

const valueInfo = ({ name, type, shape }: OnnxValue) => ({
  name,
  type: { tensorType: { elemType: dataTypes[type], shape: { dim: shape.map(dimension) } } },
});

const tensor = ({ name, type, shape, data }: OnnxTensor) => ({
  name,
  dims: shape,
  dataType: dataTypes[type],
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

/** Bytes of an ONNX model (IR 8, opset 18, com.microsoft 1) with this graph. */
export function serialize(graph: OnnxGraph): Uint8Array {
  const message = {
    irVersion: 8,
    producerName: "palimpsest",
    opsetImport: [
      { domain: "", version: 18 },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: "graph",
      node: graph.nodes.map((node, i) => ({
        name: `${node.op}.${i}`,
        opType: node.op,
        domain: node.domain,
        input: node.inputs,
        output: node.outputs,
        attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
      })),
      initializer: graph.initializers.map(tensor),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
  };
  return write(protobuf.Writer.create(), "Model", message).finish();
}
