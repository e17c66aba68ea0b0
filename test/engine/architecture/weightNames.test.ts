import { describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { blockWeights, mlpOut } from "../../../src/engine/architecture/blockWeights.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import {
  bareName,
  outerWeights,
  parseWeightName,
  weightName,
} from "../../../src/engine/architecture/weightNames.ts";
import { checkpoints } from "../../support/engine/golden/goldenModel.ts";
import { openCheckpoint } from "../../support/engine/openCheckpoint.ts";

const files = (name: string) =>
  folderFiles(new URL(`../../golden/checkpoints/${name}`, import.meta.url).pathname);

describe.for(checkpoints)("%s", (name) => {
  test("the table names every tensor of the checkpoint, and no other", async () => {
    const config = await readConfig(files(name));
    const checkpoint = await openCheckpoint(files(name));
    const layers = Array.from({ length: config.layers }, (_, layer) => layer);
    const named = [
      ...outerWeights(config).map((weight) => weight.name),
      ...layers.flatMap((layer) =>
        blockWeights(config).map(({ key }) => weightName(config, layer, key)),
      ),
    ];
    expect(named.sort()).toEqual(checkpoint.names().sort());
  });

  test("a name is read back as its layer and key, with the prefix or without", async () => {
    const config = await readConfig(files(name));
    for (const { key } of blockWeights(config)) {
      const full = weightName(config, 2, key);
      expect(parseWeightName(config, full)).toEqual({ layer: 2, key });
      expect(parseWeightName(config, bareName(config, full))).toEqual({ layer: 2, key });
    }
    const [embedding] = outerWeights(config);
    expect(parseWeightName(config, embedding.name)).toBeUndefined();
    expect(parseWeightName(config, weightName(config, 3, mlpOut(config)))).toBeUndefined();
    expect(parseWeightName(config, weightName(config, 1, "mlp.other.weight"))).toBeUndefined();
  });
});
