import type { Value } from "./Graph.ts";
import { add, exp, mul, sub, tanh } from "./ops.ts";

/** gelu_new(x) = ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (METHODS 1.1). */
export function geluNew(x: Value): Value {
  const [y] = x.graph.add({
    op: "FastGelu",
    domain: "com.microsoft",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    vjp: ([dy]) => [mul(dy!, geluNewSlope(x))],
  });
  return y;
}

/** ½(1 + t) + ½(1 − t²) x c(1 + 3·0.044715x²), with t the tanh of gelu_new and c = √(2/π). */
function geluNewSlope(x: Value): Value {
  const scalar = (value: number) => x.graph.scalar(value);
  const c = Math.sqrt(2 / Math.PI);
  const square = mul(x, x);
  const t = tanh(mul(x, add(mul(square, scalar(c * 0.044715)), scalar(c))));
  const inner = mul(x, add(mul(square, scalar(1.5 * c * 0.044715)), scalar(0.5 * c)));
  const sech2 = sub(scalar(1), mul(t, t));
  return add(add(mul(t, scalar(0.5)), scalar(0.5)), mul(sech2, inner));
}

/** gelu(x) = x Φ(x) = ½x(1 + erf(x/√2)) (METHODS 1.1); gradient dy (Φ(x) + x φ(x)). */
export function gelu(x: Value): Value {
  const [y] = x.graph.add({
    op: "Gelu",
    domain: "com.microsoft",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    vjp: ([dy]) => [mul(dy!, geluSlope(x))],
  });
  return y;
}

/** Φ(x) + x φ(x), the normal distribution's function and density. */
function geluSlope(x: Value): Value {
  const scalar = (value: number) => x.graph.scalar(value);
  const [erf] = x.graph.add({
    op: "Erf",
    inputs: [mul(x, scalar(Math.SQRT1_2))],
    outputs: [{ shape: x.shape }],
  });
  const below = add(mul(erf, scalar(0.5)), scalar(0.5));
  const density = mul(exp(mul(mul(x, x), scalar(-0.5))), scalar(1 / Math.sqrt(2 * Math.PI)));
  return add(below, mul(x, density));
}
