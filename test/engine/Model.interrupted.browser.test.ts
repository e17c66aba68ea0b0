import { afterAll, beforeAll, expect, test } from "vitest";
import { Model } from "../../src/engine/Model.ts";
import { urlFiles } from "../../src/engine/files/ModelFiles.ts";
import { openWebRuntime } from "../../src/engine/runtime/webRuntime.ts";
import { engineOperations, someDeltas } from "../support/engine/engineOperations.ts";
import {
  held,
  interrupt,
  interruptible,
  type Interruptible,
} from "../support/engine/interruptions.ts";
import { methodOperations } from "../support/methods/methodOperations.ts";

/** Where in an operation it is interrupted, as a share of all its session runs. */
const interruptions = [
  { share: 0.3, how: "fails" },
  { share: 0.6, how: "is stopped" },
  { share: 1, how: "fails" },
] as const;

let sessions: Interruptible;
let model: Model;
beforeAll(async () => {
  sessions = interruptible((await openWebRuntime("webgpu")).runtime);
  const folder = new URL("/test/golden/checkpoints/tiny-gpt2", globalThis.location.origin);
  model = await Model.load(sessions.runtime, urlFiles(folder.href));
  model.setDeltas(someDeltas(model));
  await model.run({ tokens: [[1]], readout: [{ row: 0, token: 0 }] });
});
afterAll(() => model.dispose());

test.for(Object.entries({ ...engineOperations, ...methodOperations() }))(
  "%s on WebGPU, interrupted, leaves nothing",
  async ([, operation]) => {
    const before = held(model);
    const begun = sessions.runs;
    await operation(model, new AbortController().signal);
    const all = sessions.runs - begun;
    expect(held(model)).toEqual(before);
    for (const { share, how } of interruptions) {
      const run = Math.max(1, Math.ceil(share * all));
      await interrupt(sessions, { model, operation }, { run, how });
      expect(held(model)).toEqual(before);
    }
  },
);
