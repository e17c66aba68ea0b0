import { expect, test } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { Model } from "../../../src/engine/Model.ts";
import { checkCovariances } from "../../support/engine/keyCovarianceChecks.ts";
import { wideModel } from "../../support/engine/wideModel.ts";

const golden = (name: string) => folderFiles(`test/golden/checkpoints/${name}`);

test.each(["tiny-gpt2", "tiny-gpt2-untied", "tiny-gptj", "tiny-neox"])(
  "%s: covariances are sums over every token that is none of the padding",
  async (name) => {
    await checkCovariances(await Model.load(nodeRuntime(), golden(name)));
  },
);

test("wider than a tile, and not by whole tiles", async () => {
  await checkCovariances(await wideModel(nodeRuntime(), golden("tiny-gpt2"), 300));
});

test("a layer that is not the model's is refused", async () => {
  const model = await Model.load(nodeRuntime(), golden("tiny-gpt2"));
  await expect(model.keyCovariances([0, 3])).rejects.toThrow(
    "invalid layer: 3 (this model has 0–2)",
  );
  await expect(model.keyCovariances([])).rejects.toThrow("no layer was chosen");
});
