import { beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../src/engine/Model.ts";
import { engineOperations, someDeltas } from "../support/engine/engineOperations.ts";
import { held } from "../support/engine/interruptions.ts";

const files = (name: string) =>
  folderFiles(new URL(`../golden/checkpoints/${name}`, import.meta.url).pathname);

const cases = [
  { name: "tiny-gpt2", precision: "f32" },
  { name: "tiny-gptj", precision: "q8" },
] as const;

describe.for(cases)("$name in $precision", ({ name, precision }) => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.load(nodeRuntime(), files(name), { precision });
    return () => model.dispose();
  });

  const predicted = async () => {
    const { readout } = await model.run({ tokens: [[1, 2, 3]], readout: [{ row: 0, token: 2 }] });
    return [...readout];
  };

  /** Does work with other work at every place where it gives way; answers how many those were. */
  async function interrupted(work: () => Promise<unknown>, other: () => Promise<unknown>) {
    let times = 0;
    let within = false;
    model.giveWay = async () => {
      if (within) return;
      within = true;
      times++;
      await model.between(() => model.frame(other));
      within = false;
    };
    try {
      await work();
    } finally {
      model.giveWay = undefined;
    }
    return times;
  }

  test("work between others sees none of their deltas, and leaves them as they were", async () => {
    model.setDeltas([]);
    const plain = await predicted();
    const some = someDeltas(model);
    model.setDeltas(some);
    const [changed, edition, before] = [await predicted(), model.edition, held(model)];
    expect(changed).not.toEqual(plain);
    const seen: number[][] = [];
    const editions = new Set([edition]);
    let around: number[] = [];
    const times = await interrupted(
      async () => (around = await predicted()),
      async () => {
        editions.add(model.edition);
        seen.push(await predicted());
        model.setDeltas(some.slice(0, 1));
        editions.add(model.edition);
        seen.push(await predicted());
      },
    );
    expect(times).toBe(model.config.layers);
    expect(around).toEqual(changed);
    expect(seen.filter((_, i) => i % 2 === 0)).toEqual(Array(times).fill(plain));
    expect(new Set(seen.filter((_, i) => i % 2 === 1).map(String)).size).toBe(1);
    expect(editions.size).toBe(1 + 2 * times);
    expect([model.edition, model.deltas, held(model)]).toEqual([edition, some, before]);
  });

  test("work between others that fails leaves nothing behind", async () => {
    model.setDeltas(someDeltas(model));
    await predicted();
    const before = held(model);
    const failing = model.between(() =>
      model.frame(async () => {
        model.setDeltas(someDeltas(model));
        await model.run({ tokens: [[1]], keep: true });
        throw new Error("no");
      }),
    );
    await expect(failing).rejects.toThrow("no");
    expect(held(model)).toEqual(before);
  });

  const ofBlocks = Object.entries(engineOperations).filter(([name]) => !/matrix/.test(name));
  test.for(ofBlocks)("%s gives way, and holds nothing more afterwards", async ([, operation]) => {
    const { signal } = new AbortController();
    const deltas = someDeltas(model);
    model.setDeltas(deltas);
    await predicted();
    const before = held(model);
    const changed = await predicted();
    const times = await interrupted(
      () => operation(model, signal),
      async () => {
        model.setDeltas(deltas.slice(1, 2));
        await predicted();
      },
    );
    expect(times).toBeGreaterThan(0);
    expect(held(model)).toEqual(before);
    expect(await predicted()).toEqual(changed);
  });
});
