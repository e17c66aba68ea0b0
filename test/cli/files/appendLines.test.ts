import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, vi } from "vitest";
import { appendLines } from "../../../src/cli/files/appendLines.ts";
import { folderTest as test } from "../../support/call.ts";
import { smallDisk } from "../../support/files/faults.ts";

afterEach(() => vi.restoreAllMocks());

test("lines follow each other; a line without its end is cut off", async ({ folder }) => {
  const path = join(folder, "new", "rows");
  await appendLines(path, "a\n");
  await writeFile(path, `b\n${"c".repeat(70_000)}`, { flag: "a" });
  await appendLines(path, "d\ne\n");
  expect(await readFile(path, "utf8")).toBe("a\nb\nd\ne\n");
});

test("a full disk takes no half of a line", async ({ folder }) => {
  const path = join(folder, "rows");
  await appendLines(path, "a\n");
  await smallDisk(5, 2);
  await expect(appendLines(path, "0123\n4567\n")).rejects.toThrow(
    `${path} cannot be written: the disk is full`,
  );
  expect(await readFile(path, "utf8")).toBe("a\n");
});
