import { expect, test } from "vitest";
import { fromBfloat16, fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";

test("half precision: known values", () => {
  const bits = Uint16Array.of(
    0x0000,
    0x8000,
    0x0001,
    0x03ff,
    0x0400,
    0x3c00,
    0x3555,
    0x7bff,
    0xfc00,
  );
  expect(fromFloat16(bits)).toEqual(
    Float32Array.of(
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      1,
      0.333251953125,
      65504,
      -Infinity,
    ),
  );
  expect(fromFloat16(Uint16Array.of(0x7e00))[0]).toBeNaN();
});

test("half precision: every number comes back as itself", () => {
  const isNumber = (bits: number) => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0;
  const bits = Uint16Array.from(Array.from({ length: 0x10000 }, (_, i) => i).filter(isNumber));
  const back = toFloat16(fromFloat16(bits));
  expect(bits.filter((value, i) => back[i] !== value)).toHaveLength(0);
  expect(bits.length).toBe(2 * (31 * 1024 + 1));
});

test("half precision: rounds to the nearest, ties to even", () => {
  const half = (x: number) => fromFloat16(toFloat16([x]))[0];
  expect(half(1 + 2 ** -11)).toBe(1); // a tie: 1 has the even mantissa
  expect(half(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9); // a tie: upwards to even
  expect(half(1 + 2 ** -11 + 2 ** -20)).toBe(1 + 2 ** -10);
  expect(half(2 - 2 ** -12)).toBe(2); // carries into the exponent
  expect(half(2 ** -25)).toBe(0);
  expect(half(-(2 ** -25) * 1.01)).toBe(-(2 ** -24));
  expect(half(65519)).toBe(65504);
  expect(half(65520)).toBe(Infinity);
  expect(toFloat16([NaN])[0]).toBe(0x7e00);
});

test("half precision: a Float32Array gives the bits that a list of the same numbers does", () => {
  // Around every half: itself, the ties beside it, and the float32 before and after each tie.
  const words = Array.from({ length: 0x7c00 }, (_, bits) => {
    const [value, next] = fromFloat16(Uint16Array.of(bits, bits + 1));
    const tie = new Uint32Array(Float32Array.of((value + Math.min(next, 65536)) / 2).buffer)[0];
    return [tie - 1, tie, tie + 1];
  }).flat();
  const beyond = [0x7f7fffff, 0x7f800000, 0x47800000, 0x477fffff, 1, 0];
  const positive = new Float32Array(Uint32Array.from([...words, ...beyond]).buffer);
  for (const values of [positive, positive.map((x) => -x)]) {
    expect(toFloat16(values)).toEqual(toFloat16(Array.from(values)));
  }
  expect(fromFloat16(toFloat16(Float32Array.of(NaN)))[0]).toBeNaN();
});

test("bfloat16 is the upper half of a float32", () => {
  const bits = Uint16Array.of(0x3f80, 0xc049, 0x7f80, 0x0001);
  expect(fromBfloat16(bits)).toEqual(Float32Array.of(1, -3.140625, Infinity, 2 ** -133));
});
