import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../src/cli/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/nodeRuntime.ts";
import { Model } from "../../src/engine/Model.ts";
import { dataFolder } from "../golden/dataFolder.ts";

/** Greedy text that others published, of one prompt given as ids or of several given as text. */
interface Published {
  input_ids: number[];
  output_ids: number[];
  prompts: string[];
  outputs: string[];
}

/** Several prompts were padded to the longest, so each got as many new tokens as that one. */
const checkpoints = [
  {
    variable: "PALIMPSEST_GPT2",
    model: "openai-community/gpt2",
    ids: ["openai-community/gpt2 greedy"],
    texts: {
      "openai-community/gpt2 greedy batch left-pad (pad=50256, max_length 20; second prompt padded)":
        { maxLength: 20 },
      "gpt2 greedy fp16 max_new_tokens=20": { newTokens: 20 },
      "gpt2 greedy (TF, default max_length 20, left-pad batch)": { maxLength: 20 },
    },
  },
  {
    variable: "PALIMPSEST_GPTJ",
    model: "EleutherAI/gpt-j-6B",
    ids: ["EleutherAI/gpt-j-6B float16 greedy"],
    texts: { "EleutherAI/gpt-j-6B float16 greedy batch": { maxLength: 20 } },
  },
];

const path = resolve(dataFolder, "golden/expected_values.json");

describe.for(checkpoints)(
  "greedy text of $model is as published",
  ({ variable, ...checkpoint }) => {
    const folder = process.env[variable];
    const missing = folder
      ? existsSync(path)
        ? undefined
        : `no ${path}`
      : `${variable} is not set`;
    const reason = `${missing}: set ${variable} to a folder with ${checkpoint.model} and PALIMPSEST_DATA to the published values`;
    let model: Model | undefined;
    let published: Record<string, Published>;

    beforeAll(async () => {
      if (missing !== undefined || folder === undefined) return;
      const values = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
      published = values.hf_transformers_tests as Record<string, Published>;
      model = await Model.load(nodeRuntime(), folderFiles(folder));
    }, 600_000);
    afterAll(() => model?.dispose());

    test.for(checkpoint.ids)("%s", { timeout: 600_000 }, async (name, { skip }) => {
      skip(missing !== undefined, reason);
      const { input_ids: prompt, output_ids: expected } = published[name];
      const [row] = await model!.generate([prompt], { maxTokens: expected.length });
      expect(row).toEqual(expected);
    });

    const texts = Object.entries(checkpoint.texts);
    test.for(texts)("%s", { timeout: 600_000 }, async ([name, length], { skip }) => {
      skip(missing !== undefined, reason);
      const { prompts, outputs } = published[name];
      const rows = prompts.map((prompt) => model!.tokenizer.encode(prompt));
      const longest = Math.max(...rows.map((row) => row.length));
      const newTokens = "newTokens" in length ? length.newTokens : length.maxLength - longest;
      for (const [i, row] of rows.entries()) {
        const [continued] = await model!.generate([row], { newTokens });
        expect(model!.tokenizer.decode(continued)).toBe(outputs[i]);
      }
    });
  },
);
