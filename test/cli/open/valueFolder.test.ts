import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { valueFolder } from "../../../src/cli/open/valueFolder.ts";
import { folderTest as test } from "../../support/call.ts";

test("many runs may share a folder of z's: each is whole, whoever wrote it last", async ({
  folder,
}) => {
  const path = join(folder, "values");
  const runs = [valueFolder(path), valueFolder(path)];
  const z = Float32Array.from({ length: 5000 }, (_, i) => i);
  const writes = Array.from({ length: 40 }, (_, i) => runs[i % 2].set(`fact ${i % 4}`, z));
  await Promise.all(writes);
  for (let i = 0; i < 4; i++) expect(await runs[i % 2].get(`fact ${i}`)).toEqual(z);
  expect(await runs[0].get("another")).toBeUndefined();
  const names = await readdir(path);
  expect(names).toHaveLength(4);
  expect(names.every((name) => name.endsWith(".npz"))).toBe(true);
});
