import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/engine/architecture/parseConfig.ts";
import { checkpointBytes } from "../../../src/engine/footprint/loadingBytes.ts";
import { builtIn } from "../../../src/ui/model/builtIn.ts";

const folder = "public/models/demo";

test("the built-in model is as large as its files, wherever its size is said", () => {
  const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  const bytes = files.reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
  expect(builtIn.bytes).toBe(bytes);
  const json = JSON.parse(readFileSync(`${folder}/config.json`, "utf8")) as Record<string, unknown>;
  expect(builtIn.parameters).toBe(checkpointBytes(parseConfig(json, "demo", "")) / 4);
});
