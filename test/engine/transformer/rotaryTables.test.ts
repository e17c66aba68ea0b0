import { expect, test } from "vitest";
import { knownModels } from "../../../src/engine/architecture/knownModels.ts";
import { rotaryTables } from "../../../src/engine/transformer/rotaryTables.ts";

const { config } = knownModels.find(({ config }) => config.rotaryDim > 0)!;
const { rotaryDim: n, positions } = config;

test("every row has the angles of its own positions, also past the context, where only padding lies", () => {
  const starts = [0, 3, positions - 2];
  const { cos, sin } = rotaryTables(config, starts, 5);
  expect([cos.length, sin.length]).toEqual([15 * n, 15 * n]);
  const at = (row: number, t: number, i: number) => (row * 5 + t) * n + i;
  for (const [row, start] of starts.entries()) {
    for (const [t, i] of [
      [0, 0],
      [2, 5],
      [4, n - 1],
    ]) {
      const angle = (start + t) * 10000 ** (-(i - (i % 2)) / n);
      expect([cos[at(row, t, i)], sin[at(row, t, i)]]).toEqual([
        Math.fround(Math.cos(angle)),
        Math.fround(Math.sin(angle)),
      ]);
    }
  }
});
