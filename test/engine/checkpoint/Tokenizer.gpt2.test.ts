import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import { dataFolder } from "../../support/dataFolder.ts";

interface Vector {
  text: string;
  ids: number[];
}

const vocabulary = resolve(dataFolder, "tokenizer");
const vectors = resolve(dataFolder, "golden/gpt2_tokenizer_vectors.json");
const missing = [vocabulary, vectors].find((path) => !existsSync(path));
const reason = `no ${missing}: set PALIMPSEST_DATA to the folder that holds GPT-2's vocabulary`;

test("GPT-2's vocabulary gives the published ids of 26 strings", async ({ skip }) => {
  skip(missing !== undefined, reason);
  const published = JSON.parse(readFileSync(vectors, "utf8")) as Vector[];
  const tokenizer = await Tokenizer.load(folderFiles(vocabulary));
  expect(published).toHaveLength(26);
  for (const { text, ids } of published) {
    expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
    expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(text);
  }
});
