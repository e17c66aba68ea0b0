import { expect, test } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { Model, type Site } from "../../src/engine/Model.ts";
import { nanoSortMissing, readNanoSort } from "../support/nanoSort.ts";

const sites: Record<string, { site: Site; layer: number }> = {
  tok_emb: { site: "embed", layer: 0 },
  yProj: { site: "attn", layer: 0 },
  gelu: { site: "key", layer: 0 },
  mlp: { site: "mlp", layer: 0 },
  block0: { site: "hidden", layer: 0 },
  block1: { site: "hidden", layer: 1 },
  block2: { site: "hidden", layer: 2 },
};

test("the trained letter sorter gives its stored activations and probabilities", async ({
  skip,
}) => {
  skip(nanoSortMissing !== undefined, nanoSortMissing);
  const { files, tokens, activation } = readNanoSort();
  const model = await Model.load(nodeRuntime(), files);
  const readout = tokens.flatMap((row, r) => row.map((_, token) => ({ row: r, token })));
  const result = await model.run({ tokens, watch: Object.values(sites), readout });
  Object.keys(sites).forEach((name, i) => {
    expect(result.watched[i], name).toBeAllclose(activation(name).data, { rtol: 0, atol: 1e-5 });
  });
  expect(result.readout.map(Math.exp)).toBeAllclose(activation("probs").data, {
    rtol: 0,
    atol: 1e-5,
  });
  await model.dispose();
});

test("the trained letter sorter sorts", async ({ skip }) => {
  skip(nanoSortMissing !== undefined, nanoSortMissing);
  const model = await Model.load(nodeRuntime(), readNanoSort().files);
  const prompts = ["CBABBC", "AABACC"];
  const rows = await model.generate(
    prompts.map((prompt) => model.tokenizer.encode(prompt)),
    { maxTokens: 11 },
  );
  // The last input token already predicts the first sorted letter; 11 positions hold all but the last.
  const sorted = prompts.map((prompt) => prompt + [...prompt].sort().join("").slice(0, 5));
  expect(rows.map((row) => model.tokenizer.decode(row))).toEqual(sorted);
  await model.dispose();
});
