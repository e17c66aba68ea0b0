import { execFileSync, spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { inFolder, LOCK } from "../../../src/cli/files/FolderLock.ts";
import { folderTest as test } from "../../support/call.ts";

const nothing = () => Promise.resolve();
const deadPid = () =>
  Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
const held = (folder: string, lock: object) =>
  writeFile(join(folder, LOCK), JSON.stringify({ host: hostname(), doing: "stats", ...lock }));

test("the second run is refused by name and process, and may come when the first has ended", async ({
  folder,
}) => {
  const out = join(folder, "out");
  await inFolder(out, "study", async () => {
    await expect(inFolder(out, "convert", nothing)).rejects.toThrow(
      `${out} is in use by palimpsest study, process ${process.pid}; wait until it has ended, or name another folder`,
    );
    await writeFile(join(out, "rows"), "");
  });
  expect(await readdir(out)).toEqual(["rows"]);
  await inFolder(out, "convert", nothing);
});

test("of many that come at once one gets in", async ({ folder }) => {
  const runs = Array.from({ length: 20 }, () =>
    inFolder(folder, "stats", () => new Promise<void>((end) => setTimeout(end, 50))),
  );
  const ended = await Promise.allSettled(runs);
  expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that was made and stayed empty goes again", async ({ folder }) => {
  const failed = inFolder(join(folder, "out"), "convert", () => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that was killed is taken over", async ({ folder }) => {
  await held(folder, { pid: deadPid() });
  const during = await inFolder(folder, "study", () => readFile(join(folder, LOCK), "utf8"));
  expect(JSON.parse(during)).toMatchObject({ pid: process.pid, doing: "study" });
  expect(await readdir(folder)).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "so is that of a process whose number another one has by now",
  async ({ folder }) => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      await held(folder, { pid: child.pid });
      await expect(inFolder(folder, "study", nothing)).rejects.toThrow(`process ${child.pid}`);
      await held(folder, { pid: child.pid, started: "1" });
      await inFolder(folder, "study", nothing);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test("of another machine's process nothing is known: it is refused, with what to remove", async ({
  folder,
}) => {
  await held(folder, { pid: deadPid(), host: "node\u001b[2J7" });
  const sentence =
    /process \d+ on node\\u\S+7; name another folder, or remove .*palimpsest\.lock where it runs no more$/;
  await expect(inFolder(folder, "study", nothing)).rejects.toThrow(sentence);
});

test("what a process that was killed while it locked left behind goes", async ({ folder }) => {
  const host = hostname()
    .replace(/[^\w.]/g, "")
    .slice(0, 24);
  await writeFile(join(folder, `${LOCK}.${host}-${deadPid()}-0.part`), "{");
  await inFolder(folder, "study", nothing);
  expect(await readdir(folder)).toEqual([]);
});
