import { describe, expect, test } from "vitest";
import { targets } from "../../fuzz/targets.ts";
import { Inputs, SLOW } from "../../fuzz/tryInputs.ts";

// The first inputs of every target, fewer on a slow machine; others than those of `npm run fuzz` with no seed.
const [SEED, MOST, TIME] = [11, 500, 2000];

describe("files with faults are read, or refused with a sentence that names them", () => {
  test.each(targets.map((target) => [target.name, target] as const))("%s", async (_, target) => {
    const inputs = await Inputs.of(target, SEED);
    const begin = performance.now();
    const accepted: boolean[] = [];
    for (let index = 0; index < MOST && performance.now() - begin < TIME; index++) {
      const tried = await inputs.try(index);
      accepted.push(tried.accepted);
      expect({ index, fault: tried.fault, sentence: tried.fault && tried.sentence }).toEqual({
        index,
      });
      expect(tried.time, `input ${index}`).toBeLessThan(SLOW);
    }
    // The first ones are good files.
    expect(accepted[0]).toBe(true);
  });
});
