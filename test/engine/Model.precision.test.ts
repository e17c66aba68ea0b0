import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { matrixBytes } from "../../src/engine/checkpoint/precision.ts";
import { Model } from "../../src/engine/Model.ts";
import { checks } from "../support/engine/golden/goldenChecks.ts";
import { checkpoints, type Golden, openGolden } from "../support/engine/golden/goldenModel.ts";
import { openTwins, twinChecks, type Twins } from "../support/engine/precisionChecks.ts";

const files = (folder: string) =>
  folderFiles(new URL(`../golden/${folder}`, import.meta.url).pathname);

/** Bytes that split every matrix of the tiny checkpoints into several parts. */
const LIMIT = 2400;

describe.for(checkpoints)("%s with every matrix split agrees with PyTorch", (name) => {
  let golden: Golden;
  beforeAll(async () => {
    golden = await openGolden(nodeRuntime(), files, name, { bindingLimit: LIMIT });
  });
  afterAll(() => golden.model.dispose());

  test.for(Object.entries(checks))("%s, and leaves no tensor behind", async ([, check]) => {
    const before = { ...golden.model.ledger };
    await check(golden);
    expect(golden.model.ledger).toEqual(before);
  });
});

const cases = checkpoints.flatMap((name) =>
  (["f16", "q8", "q4"] as const).flatMap((precision) =>
    [undefined, LIMIT].map((limit) => ({ name, precision, limit })),
  ),
);

describe.for(cases)(
  "$name in $precision (binding limit $limit) is float32 of its own rounded weights",
  ({ name, precision, limit }) => {
    let twins: Twins;
    beforeAll(async () => {
      const at = { precision, ...(limit !== undefined && { limit }) };
      twins = await openTwins(nodeRuntime(), files(`checkpoints/${name}`), at);
    });
    afterAll(() => Promise.all([twins.model.dispose(), twins.twin.dispose()]));

    test.for(Object.entries(twinChecks))("%s, and leaves no tensor behind", async ([, check]) => {
      const before = { ...twins.model.ledger };
      await check(twins);
      expect(twins.model.ledger).toEqual(before);
    });
  },
);

test("a model in 4 bits holds its matrices in as many bytes as are counted beforehand", async () => {
  const model = await Model.load(nodeRuntime(), files("checkpoints/tiny-gpt2"), {
    precision: "q4",
  });
  const { dModel: d, dMlp: f, layers, vocab, positions } = model.config;
  const block = [
    [d, 3 * d],
    [d, d],
    [d, f],
    [f, d],
  ].reduce((sum, [inputs, outputs]) => sum + matrixBytes("q4", [inputs, outputs]), 0);
  const vectors = 4 * (4 * d + 3 * d + d + f + d);
  const outer = matrixBytes("q8", [d, vocab]) + 4 * (positions * d + 2 * d);
  expect(model.ledger.bytes).toBe(layers * (block + vectors) + outer);
  await model.dispose();
  expect(model.ledger).toEqual({ bytes: 0, tensors: 0 });
});
