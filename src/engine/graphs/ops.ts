import type { Shape, Value } from "./Graph.ts";
import type { Dim } from "./onnx.ts";

// Each op states its output's shape and its vector–Jacobian product, in primitive ops that the
// cpu, wasm and webgpu providers all register (Softmax's and Gelu's own gradients are not).

/** Shape of a ∘ b by NumPy's rules. Throws where two sizes can't be broadcast. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`can't broadcast [${a.join(", ")}] and [${b.join(", ")}]`);
  });
}

/** Sums a gradient over the axes along which a value of this shape was broadcast. */
function sumTo(gradient: Value, shape: Shape): Value {
  const lead = gradient.shape.length - shape.length;
  const repeated = shape.flatMap((dim, i) => (dim === gradient.shape[lead + i] ? [] : [lead + i]));
  if (lead === 0 && repeated.length === 0) return gradient;
  const kept = repeated.length > 0 ? reduceSum(gradient, repeated, true) : gradient;
  return lead > 0 ? reduceSum(kept, range(lead), false) : kept;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

function elementwise(
  op: string,
  [a, b]: [Value, Value],
  vjp: (dy: Value, y: Value) => [() => Value, () => Value],
): Value {
  const [y] = a.graph.add({
    op,
    inputs: [a, b],
    outputs: [{ shape: broadcast(a.shape, b.shape) }],
    vjp: ([dy]) => {
      const [da, db] = vjp(dy!, y);
      return [constantLike(a) ? undefined : sumTo(da(), a.shape), sumToUnlessConstant(db, b)];
    },
  });
  return y;
}

const constantLike = (value: Value) => !value.node && value.name.startsWith("constant.");
const sumToUnlessConstant = (gradient: () => Value, value: Value) =>
  constantLike(value) ? undefined : sumTo(gradient(), value.shape);

/** a + b, broadcast. */
export const add = (a: Value, b: Value): Value =>
  elementwise("Add", [a, b], (dy) => [() => dy, () => dy]);

/** a − b, broadcast. */
export const sub = (a: Value, b: Value): Value =>
  elementwise("Sub", [a, b], (dy) => [() => dy, () => neg(dy)]);

/** a ⊙ b, broadcast. */
export const mul = (a: Value, b: Value): Value =>
  elementwise("Mul", [a, b], (dy) => [() => mul(dy, b), () => mul(dy, a)]);

/** a / b, broadcast. */
export const div = (a: Value, b: Value): Value =>
  elementwise("Div", [a, b], (dy, y) => [() => div(dy, b), () => neg(div(mul(dy, y), b))]);

function unary(op: string, x: Value, gradient: (dy: Value, y: Value) => Value): Value {
  const [y] = x.graph.add({
    op,
    inputs: [x],
    outputs: [{ shape: x.shape }],
    vjp: ([dy]) => [gradient(dy!, y)],
  });
  return y;
}

export const neg = (x: Value): Value => unary("Neg", x, (dy) => neg(dy));
export const exp = (x: Value): Value => unary("Exp", x, (dy, y) => mul(dy, y));
export const log = (x: Value): Value => unary("Log", x, (dy) => div(dy, x));
export const sqrt = (x: Value): Value => unary("Sqrt", x, (dy, y) => div(dy, add(y, y)));

/** tanh x; gradient dy (1 − y²). */
export const tanh = (x: Value): Value =>
  unary("Tanh", x, (dy, y) => mul(dy, sub(x.graph.scalar(1), mul(y, y))));

/** a b: a [.., m, k], b [k, n] or [.., k, n], result [.., m, n]. */
export function matMul(a: Value, b: Value): Value {
  const [m, n] = [a.shape.at(-2)!, b.shape.at(-1)!];
  const lead = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [y] = a.graph.add({
    op: "MatMul",
    inputs: [a, b],
    outputs: [{ shape: [...lead, m, n] }],
    vjp: ([dy]) =>
      b.shape.length === 2 && a.shape.length > 2
        ? [timesTransposed(dy!, b, a), gradientOfWeight(a, dy!)]
        : [sumTo(matMul(dy!, swapLast(b)), a.shape), sumTo(matMul(swapLast(a), dy!), b.shape)],
  });
  return y;
}

/** x bᵀ shaped like `like`: a Gemm that reads b [k, n] transposed, with no copy of it in memory. */
function timesTransposed(x: Value, b: Value, like: Value): Value {
  return reshapeLike(gemm(flattenRows(x), b, { transB: true }), like);
}

const gradientOfWeight = (a: Value, dy: Value) =>
  gemm(flattenRows(a), flattenRows(dy), { transA: true });

/** [.., n] as [rows, n]. */
export function flattenRows(x: Value): Value {
  if (x.shape.length === 2) return x;
  const axis = x.shape.length - 1;
  const [y] = x.graph.add({
    op: "Flatten",
    inputs: [x],
    attributes: { axis },
    outputs: [{ shape: [x.shape.slice(0, axis).join("·"), x.shape[axis]] }],
    vjp: ([dy]) => [reshapeLike(dy!, x)],
  });
  return y;
}

const swapLast = (x: Value) => {
  const axes = range(x.shape.length);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

/** op(a) op(b) + bias for matrices, each transposed where asked for; bias [n]. */
export function gemm(
  a: Value,
  b: Value,
  {
    transA = false,
    transB = false,
    bias,
  }: { transA?: boolean; transB?: boolean; bias?: Value | undefined } = {},
): Value {
  const m = transA ? a.shape[1] : a.shape[0];
  const n = transB ? b.shape[0] : b.shape[1];
  const [y] = a.graph.add({
    op: "Gemm",
    inputs: bias ? [a, b, bias] : [a, b],
    attributes: { transA: Number(transA), transB: Number(transB) },
    outputs: [{ shape: [m, n] }],
    vjp: ([dy]) => [
      transA ? gemm(b, dy!, { transA: transB, transB: true }) : gemm(dy!, b, { transB: !transB }),
      transB ? gemm(dy!, a, { transA: true, transB: transA }) : gemm(a, dy!, { transA: !transA }),
      ...(bias ? [sumTo(dy!, bias.shape)] : []),
    ],
  });
  return y;
}

/** x W + b for x [.., n], W [n, m] and b [m]: one Gemm over all rows. */
export const linear = (x: Value, weight: Value, bias?: Value): Value =>
  overRows(x, (rows) => gemm(rows, weight, bias && { bias }));

/** What `product` makes of x [.., n] as [rows, n], with x's leading sizes again: [.., m]. */
export const overRows = (x: Value, product: (rows: Value) => Value): Value =>
  unflattenRows(product(flattenRows(x)), x);

/** [rows, m] with the leading sizes that `like` [.., n] has when the graph runs. */
function unflattenRows(rows: Value, like: Value): Value {
  if (like.shape.length === 2) return rows;
  const { graph } = rows;
  const lead = like.shape.length - 1;
  const [sizes] = graph.add({
    op: "Shape",
    inputs: [like],
    attributes: { end: lead },
    outputs: [{ shape: [lead], type: "int64" }],
  });
  const [shape] = graph.add({
    op: "Concat",
    inputs: [sizes, graph.int64([-1])],
    attributes: { axis: 0 },
    outputs: [{ shape: [lead + 1], type: "int64" }],
  });
  const [y] = graph.add({
    op: "Reshape",
    inputs: [rows, shape],
    outputs: [{ shape: [...like.shape.slice(0, lead), rows.shape[1]] }],
    vjp: ([dy]) => [flattenRows(dy!)],
  });
  return y;
}

/** Axes in a new order. */
export function transpose(x: Value, order: readonly number[]): Value {
  const inverse = order.map((_, i) => order.indexOf(i));
  const [y] = x.graph.add({
    op: "Transpose",
    inputs: [x],
    attributes: { perm: order },
    outputs: [{ shape: order.map((axis) => x.shape[axis]) }],
    vjp: ([dy]) => [transpose(dy!, inverse)],
  });
  return y;
}

/** New sizes: 0 keeps the axis at this place, −1 takes what is left. */
export function reshape(x: Value, sizes: readonly number[]): Value {
  const shape = sizes.map((size, i) =>
    size === 0 ? x.shape[i] : size === -1 ? remaining(x.shape, sizes) : size,
  );
  const [y] = x.graph.add({
    op: "Reshape",
    inputs: [x, x.graph.int64(sizes)],
    outputs: [{ shape }],
    vjp: ([dy]) => [reshapeLike(dy!, x)],
  });
  return y;
}

/** The size that −1 stands for; a name such as "batch·token" where it isn't a number. */
function remaining(shape: Shape, sizes: readonly number[]): Dim {
  const kept = new Set(sizes.flatMap((size, i) => (size === 0 ? [i] : [])));
  const free = shape.filter((_, i) => !kept.has(i));
  const known = sizes.reduce((product, size) => (size > 0 ? product * size : product), 1);
  const total = free.reduce<number>((p, dim) => (typeof dim === "number" ? p * dim : p), 1);
  const names = free.filter((dim) => typeof dim === "string");
  if (names.length === 0) return total / known;
  return total === known ? names.join("·") : `${names.join("·")}·${total / known}`;
}

/** x with the sizes that `like` has when the graph runs. */
export function reshapeLike(x: Value, like: Value): Value {
  const [sizes] = x.graph.add({
    op: "Shape",
    inputs: [like],
    outputs: [{ shape: [like.shape.length], type: "int64" }],
  });
  const [y] = x.graph.add({
    op: "Reshape",
    inputs: [x, sizes],
    outputs: [{ shape: like.shape }],
    vjp: ([dy]) => [reshapeLike(dy!, x)],
  });
  return y;
}

/** Parts of these sizes along an axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const parts = x.graph.add({
    op: "Split",
    inputs: [x, x.graph.int64(sizes)],
    attributes: { axis },
    outputs: sizes.map((size) => ({ shape: x.shape.map((dim, i) => (i === axis ? size : dim)) })),
    vjp: (gradients) => [
      concat(
        gradients.map((gradient, i) => gradient ?? mul(parts[i], x.graph.scalar(0))),
        axis,
      ),
    ],
  });
  return parts;
}

/** Positions begin ≤ i < end of one axis. `end` may lie beyond it. */
export function slice(x: Value, axis: number, [begin, end]: [number, number]): Value {
  const size = x.shape[axis];
  const taken = typeof size === "number" ? Math.min(end, size) - begin : `${size}[${begin}:${end}]`;
  const [y] = x.graph.add({
    op: "Slice",
    inputs: [x, x.graph.int64([begin]), x.graph.int64([end]), x.graph.int64([axis])],
    outputs: [{ shape: x.shape.map((dim, i) => (i === axis ? taken : dim)) }],
    vjp: ([dy]) => [padSlice(dy!, x, axis, [begin, end])],
  });
  return y;
}

/** A slice's gradient: dy where it was taken, zeros elsewhere. */
function padSlice(dy: Value, x: Value, axis: number, [begin, end]: [number, number]): Value {
  const zeros = (from: number, to: number) => mul(slice(x, axis, [from, to]), x.graph.scalar(0));
  const size = x.shape[axis];
  const parts = [
    ...(begin > 0 ? [zeros(0, begin)] : []),
    dy,
    ...(typeof size === "number" && end >= size ? [] : [zeros(end, Number.MAX_SAFE_INTEGER)]),
  ];
  return parts.length === 1 ? dy : { ...concat(parts, axis), shape: x.shape };
}

/** Values one after the other along an axis. */
export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0];
  const dims = values.map((value) => value.shape[axis]);
  const size = dims.every((dim) => typeof dim === "number")
    ? dims.reduce<number>((sum, dim) => sum + Number(dim), 0)
    : dims.join("+");
  const [first] = values;
  const [y] = first.graph.add({
    op: "Concat",
    inputs: values,
    attributes: { axis },
    outputs: [{ shape: first.shape.map((dim, i) => (i === axis ? size : dim)) }],
    vjp: ([dy]) => concatGradients(dy!, values, axis),
  });
  return y;
}

/** Slices of dy at offsets read from the values' sizes when the graph runs. */
function concatGradients(dy: Value, values: readonly Value[], axis: number): Value[] {
  const { graph } = dy;
  const axes = graph.int64([axis]);
  let begin = graph.int64([0]);
  return values.map((value) => {
    const end = addInt64(begin, sizeOf(value, axis));
    const [part] = graph.add({
      op: "Slice",
      inputs: [dy, begin, end, axes],
      outputs: [{ shape: value.shape }],
    });
    begin = end;
    return part;
  });
}

const sizeOf = (x: Value, axis: number) =>
  x.graph.add({
    op: "Shape",
    inputs: [x],
    attributes: { start: axis, end: axis + 1 },
    outputs: [{ shape: [1], type: "int64" }],
  })[0];

const addInt64 = (a: Value, b: Value) =>
  a.graph.add({ op: "Add", inputs: [a, b], outputs: [{ shape: [1], type: "int64" }] })[0];

/** Rows of a table [n, ..] by index (int32, any shape). It has no gradient by the table. */
export function gather(table: Value, index: Value): Value {
  const [y] = table.graph.add({
    op: "Gather",
    inputs: [table, index],
    attributes: { axis: 0 },
    outputs: [{ shape: [...index.shape, ...table.shape.slice(1)], type: table.type }],
  });
  return y;
}

/** x [.., n] summed over these axes. */
export function reduceSum(x: Value, axes: readonly number[], keepDims: boolean): Value {
  return reduce("ReduceSum", x, axes, { keepDims, vjp: (dy) => expandTo(dy, x, axes, keepDims) });
}

/** x [.., n] averaged over its last axis, which stays as size 1. */
export function meanLast(x: Value): Value {
  const axes = [x.shape.length - 1];
  const scale = x.graph.scalar(1 / (x.shape.at(-1) as number));
  return reduce("ReduceMean", x, axes, {
    keepDims: true,
    vjp: (dy) => mul(expandTo(dy, x, axes, true), scale),
  });
}

/** The largest of the last axis, which stays as size 1; used for stability only: no gradient. */
export function maxLast(x: Value): Value {
  return reduce("ReduceMax", x, [x.shape.length - 1], { keepDims: true });
}

function reduce(
  op: string,
  x: Value,
  axes: readonly number[],
  { keepDims, vjp }: { keepDims: boolean; vjp?: (dy: Value) => Value },
): Value {
  const shape = x.shape.flatMap((dim, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [dim]));
  const [y] = x.graph.add({
    op,
    inputs: [x, x.graph.int64(axes)],
    attributes: { keepdims: Number(keepDims) },
    outputs: [{ shape }],
    vjp: vjp && (([dy]) => [vjp(dy!)]),
  });
  return y;
}

/** A reduced gradient repeated along the axes that were summed. */
function expandTo(dy: Value, x: Value, axes: readonly number[], keptDims: boolean): Value {
  const [kept] = keptDims
    ? [dy]
    : x.graph.add({
        op: "Unsqueeze",
        inputs: [dy, x.graph.int64(axes)],
        outputs: [{ shape: x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) }],
      });
  const [sizes] = x.graph.add({
    op: "Shape",
    inputs: [x],
    outputs: [{ shape: [x.shape.length], type: "int64" }],
  });
  return x.graph.add({ op: "Expand", inputs: [kept, sizes], outputs: [{ shape: x.shape }] })[0];
}

/** softmax over the last axis; gradient y ⊙ (dy − Σ dy ⊙ y). */
export function softmax(x: Value): Value {
  const last = x.shape.length - 1;
  const [y] = x.graph.add({
    op: "Softmax",
    inputs: [x],
    attributes: { axis: -1 },
    outputs: [{ shape: x.shape }],
    vjp: ([dy]) => [mul(y, sub(dy!, reduceSum(mul(dy!, y), [last], true)))],
  });
  return y;
}

/** log Σ exp over the last axis, which stays as size 1; gradient dy ⊙ exp(x − y). */
export function logSumExp(x: Value): Value {
  const most = stopGradient(maxLast(x));
  const sum = reduceSum(exp(sub(x, most)), [x.shape.length - 1], true);
  return add(log(sum), most);
}

/** A value that gradients don't pass. The shift of a softmax cancels in its gradient. */
function stopGradient(x: Value): Value {
  const [y] = x.graph.add({
    op: "Identity",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    vjp: () => [undefined],
  });
  return y;
}

/** LayerNormalization over the last axis with weight and bias; biased variance (METHODS 1.1). */
export function layerNorm(
  x: Value,
  { weight, bias, epsilon }: { weight: Value; bias: Value; epsilon: number },
): Value {
  const [y] = x.graph.add({
    op: "LayerNormalization",
    inputs: [x, weight, bias],
    attributes: { axis: -1, epsilon: { float: epsilon } },
    outputs: [{ shape: x.shape }],
    vjp: ([dy]) => {
      const centred = sub(x, meanLast(x));
      const deviation = sqrt(add(meanLast(mul(centred, centred)), x.graph.scalar(epsilon)));
      const normal = div(centred, deviation);
      const g = mul(dy!, weight);
      const projected = sub(sub(g, meanLast(g)), mul(normal, meanLast(mul(g, normal))));
      return [
        div(projected, deviation),
        sumTo(mul(dy!, normal), weight.shape),
        sumTo(dy!, bias.shape),
      ];
    },
  });
  return y;
}
