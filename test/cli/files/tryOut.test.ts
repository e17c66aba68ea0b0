import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { tryFile, tryFolder } from "../../../src/cli/files/tryOut.ts";
import { folderTest as test } from "../../support/call.ts";

test("what can be written is said so, and nothing is left", async ({ folder }) => {
  await tryFile(join(folder, "new", "deep", "f"));
  await tryFolder(join(folder, "new", "deep"));
  await tryFolder(folder);
  expect(await readdir(folder)).toEqual([]);
});

test("what cannot be written is a sentence", async ({ folder }) => {
  const [file, pipe] = [join(folder, "file"), join(folder, "pipe")];
  await writeFile(file, "");
  await mkdir(join(folder, "sub"));
  execFileSync("mkfifo", [pipe]);
  const cannot = "cannot be written:";
  await expect(tryFile("")).rejects.toThrow(`${cannot} it has no name`);
  await expect(tryFile(`${folder}/`)).rejects.toThrow(`${cannot} it is a folder`);
  await expect(tryFile(join(folder, "sub"))).rejects.toThrow(`${cannot} it is a folder`);
  await expect(tryFile(pipe)).rejects.toThrow(`${cannot} it is a pipe or a device`);
  await expect(tryFile(join(file, "f"))).rejects.toThrow(`${cannot} a part of its path`);
  await expect(tryFolder(file)).rejects.toThrow(`${cannot} ${file} is not a folder`);
  await expect(tryFile("/proc/f")).rejects.toThrow(cannot);
});

test.skipIf(process.getuid?.() === 0)("nor where it is not permitted", async ({ folder }) => {
  await chmod(folder, 0o500);
  await expect(tryFile(join(folder, "f"))).rejects.toThrow("it is not permitted");
  await expect(tryFolder(join(folder, "f"))).rejects.toThrow("it is not permitted");
  await chmod(folder, 0o700);
});
