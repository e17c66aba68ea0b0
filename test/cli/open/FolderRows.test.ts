import { appendFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { FolderRows } from "../../../src/cli/open/FolderRows.ts";
import { folderTest as test } from "../../support/call.ts";

const row = (key: string) => ({ key, value: `value of ${key}` });

test("rows and what they are of are there for the next who opens the folder", async ({
  folder,
}) => {
  const out = join(folder, "some", "study");
  const store = new FolderRows(out);
  expect(await store.about()).toBeUndefined();
  expect(await store.read()).toEqual([]);
  await store.begin({ study: "a" });
  await store.append([row("1")]);
  await store.append([row("2"), row("3")]);
  const later = new FolderRows(out);
  expect(await later.about()).toEqual({ study: "a" });
  await later.append([row("4")]);
  expect(await later.read()).toEqual(["1", "2", "3", "4"].map(row));
  expect(await readFile(join(out, "rows.ndjson"), "utf8")).toMatch(/^(\{.*\}\n){4}$/);
});

test("a torn last line is cut off before the next row is written", async ({ folder }) => {
  const path = join(folder, "rows.ndjson");
  const store = new FolderRows(folder);
  await store.append([row("1"), { key: "2", long: "ä".repeat(200_000) }]);
  const whole = await readFile(path);
  for (const cut of [1, 2, 300_000, whole.length - 10]) {
    await writeFile(path, whole);
    await truncate(path, whole.length - cut);
    const expected = cut === whole.length - 10 ? [] : [row("1")];
    const later = new FolderRows(folder);
    expect(await later.read()).toEqual(expected);
    await later.append([row("3")]);
    expect(await later.read()).toEqual([...expected, row("3")]);
  }
});

test("a study.json that was being written counts for nothing", async ({ folder }) => {
  const store = new FolderRows(folder);
  await store.begin({ study: "a" });
  await writeFile(join(folder, "study.json.part"), '{"stu');
  expect(await store.about()).toEqual({ study: "a" });
  await store.begin({ study: "b" });
  expect(await store.about()).toEqual({ study: "b" });
});

test("what cannot be read or written is one sentence with its path", async ({ folder }) => {
  const store = new FolderRows(folder);
  await mkdir(join(folder, "rows.ndjson"));
  await expect(store.append([row("1")])).rejects.toThrow(/rows\.ndjson cannot be written: it is a/);
  await appendFile(join(folder, "study.json"), "{");
  await expect(store.about()).rejects.toThrow(/study\.json is not JSON/);
});
