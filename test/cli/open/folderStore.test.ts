import { mkdir, readdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { folderStore, modelFolder } from "../../../src/cli/open/folderStore.ts";
import { partKey } from "../../../src/engine/files/download/PartStore.ts";
import { folderTest as test } from "../../support/call.ts";

const version = { base: "https://a.b/c/../d", path: "onnx/..", stamp: ".." };
const key = (index: number) =>
  partKey({ ...version, partSize: 4 }, index, String(index).repeat(64).slice(0, 64));

test("entries are kept, replaced, listed and deleted; whatever they are called they stay in the folder", async ({
  folder,
}) => {
  const store = folderStore(join(folder, "inner"));
  expect(await store.keys("2/parts/")).toEqual([]);
  expect(await store.get(key(0))).toBeUndefined();
  await store.put(key(0), Uint8Array.of(1, 2));
  await store.put(key(1), Uint8Array.of(3));
  await store.put(key(1), Uint8Array.of(4));
  expect(await store.get(key(1))).toEqual(Uint8Array.of(4));
  expect((await store.keys("2/parts/")).sort()).toEqual([key(0), key(1)]);
  expect(await store.keys(key(1).slice(0, -3))).toEqual([key(1)]);
  await store.delete(key(0));
  await store.delete(key(0));
  expect(await store.keys("2/")).toEqual([key(1)]);
  expect(await readdir(folder)).toEqual(["inner"]);
});

test("an entry whose writing was interrupted is not there", async ({ folder }) => {
  const store = folderStore(folder);
  await store.put(key(0), Uint8Array.of(1));
  await writeFile(join(folder, ...`${key(1)}.0.unfinished`.split("/")), "half");
  expect(await store.keys("2/")).toEqual([key(0)]);
});

test("a folder that cannot be written refuses", async ({ folder }) => {
  await mkdir(join(folder, "a"));
  await writeFile(join(folder, "a", "2"), "a file where a folder should be");
  const store = folderStore(join(folder, "a"));
  await expect(store.put(key(0), Uint8Array.of(1))).rejects.toThrow();
  expect(await store.keys("2/parts/")).toEqual([]);
});

test("models are kept in the user's cache, or where PALIMPSEST_CACHE says", () => {
  expect(modelFolder({})).toBe(join(homedir(), ".cache", "palimpsest"));
  expect(modelFolder({ PALIMPSEST_CACHE: "/data/models" })).toBe("/data/models");
});
