import { afterEach, expect, test, vi } from "vitest";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import config from "../../golden/checkpoints/tiny-gpt2/config.json";
import tokenizerConfig from "../../golden/checkpoints/tiny-gpt2/tokenizer_config.json";
import tokenizerJson from "../../golden/checkpoints/tiny-gpt2/tokenizer.json";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

afterEach(() => vi.unstubAllGlobals());

test("transformers.js asks no server and opens no cache", async () => {
  const asked: unknown[] = [];
  const ask = (what: unknown) => {
    asked.push(what);
    return Promise.reject(new Error("not here"));
  };
  vi.stubGlobal("fetch", ask);
  vi.spyOn(XMLHttpRequest.prototype, "open").mockImplementation((_, url) => void asked.push(url));
  vi.spyOn(CacheStorage.prototype, "open").mockImplementation(ask);
  performance.clearResourceTimings();
  const files = memoryFiles({
    "config.json": config,
    "tokenizer.json": tokenizerJson,
    "tokenizer_config.json": tokenizerConfig,
  });
  expect((await readConfig(files)).vocab).toBe(503);
  const tokenizer = await Tokenizer.load(files);
  const text = "The Harbour Lamp is in the city of";
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  expect(asked).toEqual([]);
});

test("and no page loads anything of it from elsewhere", () => {
  const hosts = performance.getEntriesByType("resource").map(({ name }) => new URL(name).host);
  expect(new Set([...hosts, location.host])).toEqual(new Set([location.host]));
});
