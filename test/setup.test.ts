import { expect, test } from "vitest";

test.each([
  { actual: [1, 2], expected: [1, 2.00001], close: true },
  { actual: [1, 2], expected: [1, 2.1], close: false },
  { actual: [0], expected: [5e-7], close: true },
  { actual: [Infinity], expected: [Infinity], close: true },
  { actual: [Infinity], expected: [-Infinity], close: false },
  { actual: [NaN], expected: [NaN], close: false },
  { actual: [1], expected: [NaN], close: false },
  { actual: [1, 2], expected: [1], close: false },
])("toBeAllclose: $actual and $expected are close: $close", ({ actual, expected, close }) => {
  const compare = () => expect(actual).toBeAllclose(expected);
  if (close) compare();
  else expect(compare).toThrow(/element \d+ is|length is/);
});

test("toBeAllclose reports the worst element and both tolerances", () => {
  expect(() => expect([1, 2, 9]).toBeAllclose([1, 3, 5], { rtol: 0.1, atol: 0.2 })).toThrow(
    "element 2 is 9, expected 5 (rtol 0.1, atol 0.2)",
  );
});
