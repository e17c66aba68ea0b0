import protobuf from "protobufjs/light.js";

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

const field = (type: string, id: number, rule?: "repeated") =>
  rule ? { type, id, rule } : { type, id };

// The part of onnx.proto that these graphs need: names and field numbers are the format's own.
const schema = protobuf.Root.fromJSON({
  nested: {
    OperatorSetId: { fields: { domain: field("string", 1), version: field("int64", 2) } },
    Dimension: { fields: { dimValue: field("int64", 1), dimParam: field("string", 2) } },
    Shape: { fields: { dim: field("Dimension", 1, "repeated") } },
    TensorType: { fields: { elemType: field("int32", 1), shape: field("Shape", 2) } },
    Type: { fields: { tensorType: field("TensorType", 1) } },
    ValueInfo: { fields: { name: field("string", 1), type: field("Type", 2) } },
    Tensor: {
      fields: {
        dims: field("int64", 1, "repeated"),
        dataType: field("int32", 2),
        name: field("string", 8),
        rawData: field("bytes", 9),
      },
    },
    Attribute: {
      fields: {
        name: field("string", 1),
        f: field("float", 2),
        i: field("int64", 3),
        s: field("bytes", 4),
        ints: field("int64", 8, "repeated"),
        type: field("int32", 20),
      },
    },
    Node: {
      fields: {
        input: field("string", 1, "repeated"),
        output: field("string", 2, "repeated"),
        name: field("string", 3),
        opType: field("string", 4),
        attribute: field("Attribute", 5, "repeated"),
        domain: field("string", 7),
      },
    },
    Graph: {
      fields: {
        node: field("Node", 1, "repeated"),
        name: field("string", 2),
        initializer: field("Tensor", 5, "repeated"),
        input: field("ValueInfo", 11, "repeated"),
        output: field("ValueInfo", 12, "repeated"),
      },
    },
    Model: {
      fields: {
        irVersion: field("int64", 1),
        producerName: field("string", 2),
        graph: field("Graph", 7),
        opsetImport: field("OperatorSetId", 8, "repeated"),
      },
    },
  },
});

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
  return schema.lookupType("Model").encode(message).finish();
}
