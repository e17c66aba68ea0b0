import { beforeAll, describe, expect, test, vi } from "vitest";
import { folderFiles } from "../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../src/engine/Model.ts";
import { someDeltas } from "../support/engine/engineOperations.ts";
import { held, interrupt, interruptible } from "../support/engine/interruptions.ts";
import { methodOperations } from "../support/methods/methodOperations.ts";
import { goldenStatistics } from "../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 240_000 });

const statistics = await Promise.all([0, 1].map((layer) => goldenStatistics("tiny-gpt2", layer)));

describe.for([false, true])("on the tiny GPT-2, deltas: %s", (deltas) => {
  const sessions = interruptible(nodeRuntime());
  let model: Model;
  beforeAll(async () => {
    const folder = new URL("../golden/checkpoints/tiny-gpt2", import.meta.url);
    model = await Model.load(sessions.runtime, folderFiles(folder.pathname));
    if (deltas) model.setDeltas(someDeltas(model));
    await model.run({ tokens: [[1]], readout: [{ row: 0, token: 0 }] });
    return () => model.dispose();
  });

  test.for(Object.entries(methodOperations(statistics)))(
    "%s, interrupted, leaves nothing",
    async ([, operation]) => {
      const before = held(model);
      const { deltas } = model;
      for (const how of ["fails", "is stopped"] as const) {
        for (let run = 1; ; run++) {
          const more = await interrupt(sessions, { model, operation }, { run, how });
          expect(model.deltas).toEqual(deltas);
          await model.run({ tokens: [[1]], readout: [{ row: 0, token: 0 }] }); // a sum W + ΔW that was dropped meanwhile is made again
          expect(held(model)).toEqual(before);
          if (!more) break;
        }
      }
    },
  );
});
