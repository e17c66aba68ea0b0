import { expect, test } from "vitest";
import { explain } from "../../workers/explain.ts";

const doing = "loading openai-community/gpt2-xl";
const sentence = (error: unknown) => explain(error, doing).message;

test.for([
  new RangeError("Array buffer allocation failed"),
  new RangeError("Invalid typed array length: 9000000000"),
  new Error("std::bad_alloc"),
  new Error("Aborted(OOM). Build with -sASSERTIONS for more info."),
  new Error("failed to allocate a buffer: Out of memory"),
  new WebAssembly.RuntimeError("memory access out of bounds"),
])("%s is said to be a lack of memory, with the next step", (error) => {
  expect(sentence(error)).toMatch(
    /^not enough memory while loading openai-community\/gpt2-xl; .*smaller model/,
  );
});

test.for([
  new RangeError("Maximum call stack size exceeded"),
  new RangeError("toFixed() digits argument must be between 0 and 100"),
])("%s is no lack of memory", (error) => {
  expect(explain(error, doing)).toBe(error);
});

test("a lost device is said to be one", () => {
  expect(
    sentence(new Error("GPUDevice: A valid external Instance reference; device is lost.")),
  ).toMatch(/graphics device was lost/);
});

test("a sentence of our own stays as it is", () => {
  const error = new Error("invalid layer: 52 (this model has 0–7)");
  expect(explain(error, doing)).toBe(error);
  expect(sentence("plain words")).toBe("plain words");
});

test("a cancelled job stays an AbortError", () => {
  const error = new DOMException("cancelled", "AbortError");
  expect(explain(error, doing)).toBe(error);
});
