import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readBytes, readJson, readText } from "../../../src/cli/open/files.ts";
import { folderTest as test } from "../../support/call.ts";

test("texts and JSON are UTF-8 within bounds, or a sentence with the path", async ({ folder }) => {
  const path = join(folder, "a.csv");
  await writeFile(path, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
  expect(await readText(path)).toBe("a");
  await expect(readBytes(path, 3)).rejects.toThrow(/a\.csv is too large: 4 bytes \(at most 3\)$/);
  await writeFile(path, Uint8Array.of(0x61, 0xe9));
  await expect(readText(path)).rejects.toThrow(/a\.csv is damaged: it is not UTF-8 text$/);
  await expect(readJson(path)).rejects.toThrow(/a\.csv is damaged: it is not UTF-8 text$/);
});
