import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common";
import { beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../src/engine/Model.ts";
import type { ModelFiles } from "../../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { engineOperations, someDeltas } from "../support/engine/engineOperations.ts";
import { held, interrupt, interruptible } from "../support/engine/interruptions.ts";

const files = (name: string) =>
  folderFiles(new URL(`../golden/checkpoints/${name}`, import.meta.url).pathname);

const cases = [
  { name: "tiny-gpt2", precision: "f32", deltas: false },
  { name: "tiny-gpt2", precision: "f32", deltas: true },
  { name: "tiny-gpt2-untied", precision: "q4", deltas: true },
  { name: "tiny-gptj", precision: "q8", deltas: false },
  { name: "tiny-gptj", precision: "q4", deltas: true },
  { name: "tiny-neox", precision: "f32", deltas: true },
] as const;

describe.for(cases)("$name in $precision, deltas: $deltas", ({ name, precision, deltas }) => {
  const sessions = interruptible(nodeRuntime());
  let model: Model;
  beforeAll(async () => {
    model = await Model.load(sessions.runtime, files(name), { precision });
    return () => model.dispose();
  });

  /** Switches the deltas on anew, so that their dense sums are made again. */
  const begin = () => model.setDeltas(deltas ? someDeltas(model) : []);

  test.for(Object.entries(engineOperations))("%s leaves nothing", async ([, operation]) => {
    const settled = async () => {
      await model.run({ tokens: [[1]], readout: [{ row: 0, token: 0 }] });
      return held(model);
    };
    begin();
    const before = await settled();
    for (const how of ["fails", "is stopped"] as const) {
      for (let run = 1; ; run++) {
        begin();
        const more = await interrupt(sessions, { model, operation }, { run, how });
        expect(await settled()).toEqual(before);
        if (!more) break;
      }
    }
  });
});

test("a load that fails leaves nothing", async () => {
  const live = { tensors: 0, sessions: 0 };
  const { ort, ...runtime } = nodeRuntime();
  class Tensor extends (ort.Tensor as unknown as new (...given: unknown[]) => OrtTensor) {
    constructor(...given: unknown[]) {
      super(...given);
      live.tensors++;
    }
    override dispose() {
      super.dispose();
      live.tensors--;
    }
  }
  const create = async (...given: Parameters<typeof ort.InferenceSession.create>) => {
    const session = await ort.InferenceSession.create(...given);
    live.sessions++;
    const run = (feeds: InferenceSession.FeedsType) => session.run(feeds);
    return { run, release: () => (live.sessions--, session.release()) };
  };
  const counted = { ...runtime, ort: { Tensor, InferenceSession: { create } } } as never as Runtime;

  const whole = files("tiny-gpt2");
  let reads = 0;
  const ending = (after: number): ModelFiles => {
    reads = 0;
    return {
      ...whole,
      read: (...given) => {
        if (++reads > after) return Promise.reject(new Error("the file ended"));
        return whole.read(...given);
      },
    };
  };
  const loaded = await Model.load(counted, ending(Infinity));
  expect(live.tensors).toBe(loaded.ledger.tensors);
  await loaded.dispose();
  expect(live).toEqual({ tensors: 0, sessions: 0 });
  const all = reads;
  for (let after = 0; after < all; after++) {
    await expect(Model.load(counted, ending(after))).rejects.toThrow("the file ended");
    expect(live).toEqual({ tensors: 0, sessions: 0 });
  }
});
