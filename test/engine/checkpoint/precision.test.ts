import { describe, expect, test } from "vitest";
import { layoutOf, matrixBytes, tableForm } from "../../../src/engine/checkpoint/precision.ts";

describe("a matrix is split along its outputs", () => {
  test("not at all where it fits", () => {
    expect(layoutOf("f32", [1600, 6400], Infinity)).toEqual({ form: "f32", parts: [6400] });
  });

  test("into parts as even as whole words allow, each within the limit", () => {
    const { parts } = layoutOf("f32", [1600, 50257], 128 * 2 ** 20);
    expect(parts).toEqual([16756, 16756, 16745]);
    for (const part of parts) expect(4 * 1600 * part).toBeLessThanOrEqual(128 * 2 ** 20);
  });

  test("by its float32 size also where it is quantized: its gradient needs it so", () => {
    const { parts } = layoutOf("q8", [4096, 50400], 128 * 2 ** 20);
    expect(parts).toHaveLength(7);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(50400);
  });

  test("and not beyond 256 MiB of float32 where it is expanded, whatever the device binds", () => {
    expect(layoutOf("q4", [4096, 16384], 2 ** 31).parts).toEqual([16384]);
    expect(layoutOf("q4", [4096, 50400], 2 ** 31).parts).toHaveLength(4);
  });

  test("one output at a time at worst, and refused below that", () => {
    expect(layoutOf("f32", [10, 3], 40).parts).toEqual([1, 1, 1]);
    expect(() => layoutOf("f32", [10, 3], 39)).toThrow(
      "a matrix of 10 inputs cannot be split for a device that binds 39 bytes",
    );
  });
});

test.each([
  ["f32", 4 * 64 * 10],
  ["f16", 2 * 64 * 10],
  ["q8", 10 * 2 * (32 + 4)],
  ["q4", 10 * 2 * (16 + 4)],
] as const)("bytes of [64, 10] in %s", (form, bytes) => {
  expect(matrixBytes(form, [64, 10])).toBe(bytes);
});

test("tables have eight bits where matrices have four", () => {
  expect(["f32", "f16", "q8", "q4"].map((p) => tableForm(p as "f32"))).toEqual([
    "f32",
    "f16",
    "q8",
    "q8",
  ]);
});
