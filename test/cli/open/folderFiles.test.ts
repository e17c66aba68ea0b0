import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { folderTest as test } from "../../support/call.ts";

test("ranges, sizes and what is not there", async ({ folder }) => {
  await writeFile(join(folder, "numbers"), Uint8Array.of(0, 1, 2, 3, 4, 5));
  const files = folderFiles(folder);
  expect(files.name).toBe(basename(folder));
  expect(await files.read("numbers")).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5));
  expect(await files.read("numbers", [2, 4])).toEqual(Uint8Array.of(2, 3));
  expect(await files.read("numbers", [4, 9])).toEqual(Uint8Array.of(4, 5));
  expect(await files.size("numbers")).toBe(6);
  expect(await files.has("numbers")).toBe(true);
  expect(await files.has("nothing")).toBe(false);
  expect(await files.has(".")).toBe(false);
  expect(await files.size("nothing")).toBeUndefined();
  await expect(files.read("nothing")).rejects.toThrow(/nothing cannot be read: it does not exist/);
});
