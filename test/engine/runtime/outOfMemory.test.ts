import { expect, test } from "vitest";
import { isOutOfMemory } from "../../../src/engine/runtime/outOfMemory.ts";

test("a mistake of the program is not called a lack of memory", () => {
  const messages: (() => unknown)[] = [
    () => new Float32Array(new ArrayBuffer(3)),
    () => new Float32Array(-1),
    () => new DataView(new ArrayBuffer(1)).getInt32(0),
    () => (1).toFixed(200),
  ];
  for (const mistake of messages) expect(isOutOfMemory(thrownBy(mistake))).toBe(false);
  const tooMuch = [() => new Float32Array(2 ** 40), () => new ArrayBuffer(2 ** 50)];
  for (const large of tooMuch) expect(isOutOfMemory(thrownBy(large))).toBe(true);
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
