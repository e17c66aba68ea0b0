import { expect, test } from "vitest";
import { cachedFiles } from "../../src/engine/modelCache.ts";
import { memoryFiles } from "./memoryFiles.ts";

test("the browser's own Cache keeps parts of a file between two visits", async () => {
  const base = "https://example.org/modelCache.browser.test/";
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const reads: string[][] = [];
  for (let visit = 0; visit < 2; visit++) {
    const stamp = () => Promise.resolve('"v1"');
    const files = Object.assign(memoryFiles({ "a.bin": bytes }), { stamp });
    const cached = cachedFiles(files, { base });
    expect(await cached.read("a.bin", [1, 4])).toEqual(bytes.slice(1, 4));
    expect(await cached.size("a.bin")).toBe(6);
    reads.push(files.reads);
  }
  expect(reads).toEqual([["a.bin 1-4"], []]);
  await caches.delete("palimpsest-models");
});
