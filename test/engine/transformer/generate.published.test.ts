import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../../src/engine/Model.ts";
import { publishedModels } from "../../../src/methods/verify/publishedFacts.ts";
import { verifyFact } from "../../../src/methods/verify/verifyFact.ts";

/** Folders with the real checkpoints; `palimpsest verify` checks the same and more. */
const folders = [
  { variable: "PALIMPSEST_GPT2", id: "openai-community/gpt2" },
  { variable: "PALIMPSEST_GPTJ", id: "EleutherAI/gpt-j-6b" },
];

describe.for(folders)("greedy text of $id is as published", ({ variable, id }) => {
  const folder = process.env[variable];
  const reason = `${variable} is not set: set it to a folder with ${id}`;
  const { facts } = publishedModels.find((model) => model.id === id)!;
  const texts = facts.filter(({ kind }) => kind === "continuation");
  let model: Model | undefined;

  beforeAll(async () => {
    if (folder !== undefined) model = await Model.load(nodeRuntime(), folderFiles(folder));
  }, 600_000);
  afterAll(() => model?.dispose());

  test.for(texts.map((fact, i) => ({ fact, name: `${i}: ${fact.source}` })))(
    "$name",
    { timeout: 600_000 },
    async ({ fact }, { skip }) => {
      skip(folder === undefined, reason);
      const files = folderFiles(folder!);
      const found = await verifyFact({ model: model!, files }, fact);
      expect(found).toMatchObject({ status: "pass", found: found.expected });
    },
  );
});
