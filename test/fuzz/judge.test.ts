import { describe, expect, test } from "vitest";
import { judge } from "../../fuzz/judge.ts";
import { Inputs } from "../../fuzz/tryInputs.ts";
import type { Target } from "../../fuzz/Target.ts";

const bytes = new TextEncoder().encode("content");
const reader = (read: Target["read"], strict?: Target["strict"]): Target => ({
  name: "a.bin",
  seeds: () => [bytes],
  read,
  ...(strict ? { strict } : {}),
});
class SystemError extends Error {
  readonly code = "ERR_OUT_OF_RANGE";
}
const says = (message: string, kind: new (message: string) => Error = Error) =>
  reader(() => {
    throw new kind(message);
  });

describe("what a reader answers is", () => {
  test.each<[string, Target, string | undefined]>([
    ["right: read", reader(() => 5), undefined],
    ["right: one sentence that names the file", says("a.bin is damaged: byte 3"), undefined],
    ["raw: an error of the language", says("a.bin", TypeError), "raw error"],
    ["raw: one that rejects", reader(() => Promise.reject(new RangeError("a.bin"))), "raw error"],
    ["raw: one of the system", says("a.bin", SystemError), "raw error"],
    ["poor: too long", says(`a.bin ${"x".repeat(300)}`), "poor sentence"],
    ["poor: a word of the language", says("a.bin has undefined axes"), "poor sentence"],
    ["poor: what a terminal obeys", says("a.bin has \u001b[2J"), "poor sentence"],
    ["poor: two lines", says("a.bin is\ndamaged"), "poor sentence"],
    ["without the file", says("the file is damaged"), "no file"],
    [
      "too lenient",
      reader(
        () => 5,
        (file) => says("no").read(file),
      ),
      "too lenient",
    ],
  ])("%s", async (_, target, fault) => {
    expect((await judge(target, bytes)).fault).toBe(fault);
  });

  test("not poor for a word that the file holds", async () => {
    const named = new TextEncoder().encode("undefined");
    expect((await judge(says("a.bin has a tensor undefined"), named)).fault).toBe(undefined);
  });
});

test("the same seed gives the same inputs, in any order, and another gives others", async () => {
  const target = reader(() => 5);
  const [some, same, other] = await Promise.all([1, 1, 2].map((seed) => Inputs.of(target, seed)));
  const inputs = [5, 6, 7].map((index) => some.bytes(index));
  expect([7, 6, 5].map((index) => same.bytes(index)).reverse()).toEqual(inputs);
  expect([5, 6, 7].map((index) => other.bytes(index))).not.toEqual(inputs);
  expect(some.bytes(0)).toEqual(bytes);
});
