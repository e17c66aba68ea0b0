import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, vi } from "vitest";
import { writeWhole } from "../../../src/cli/files/writeWhole.ts";
import { folderTest as test } from "../../support/call.ts";
import { full, handles, smallDisk } from "../../support/files/faults.ts";

afterEach(() => vi.restoreAllMocks());

test("a file and its folders are made; what was there is replaced; no part is left", async ({
  folder,
}) => {
  const path = join(folder, "a", "b", "f");
  expect(await writeWhole(path, "one")).toBe(3);
  expect(await writeWhole(path, [Uint8Array.of(1, 2), Uint8Array.of(3)])).toBe(3);
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  expect(await readdir(join(folder, "a", "b"))).toEqual(["f"]);
});

test("until it is whole the old one stands", async ({ folder }) => {
  const path = join(folder, "f");
  await writeFile(path, "old");
  const seen: string[] = [];
  async function* pieces() {
    for (const piece of ["n", "ew"]) {
      seen.push(await readFile(path, "utf8"));
      yield new TextEncoder().encode(piece);
    }
  }
  await writeWhole(path, pieces());
  expect(seen).toEqual(["old", "old"]);
  expect(await readFile(path, "utf8")).toBe("new");
});

test("a disk that takes a little at a time takes all", async ({ folder }) => {
  await smallDisk(Infinity, 3);
  await writeWhole(join(folder, "f"), "0123456789");
  expect(await readFile(join(folder, "f"), "utf8")).toBe("0123456789");
});

test("a full disk leaves the old file, no part, and a sentence", async ({ folder }) => {
  const path = join(folder, "f");
  await writeFile(path, "old");
  await smallDisk(5);
  await expect(writeWhole(path, "0123456789")).rejects.toThrow(
    `${path} cannot be written: the disk is full`,
  );
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["f"]);
});

test("a disk that is full only when it is asked to keep what it took", async ({ folder }) => {
  const path = join(folder, "f");
  await writeFile(path, "old");
  vi.spyOn(await handles(), "sync").mockRejectedValue(full());
  await expect(writeWhole(path, "new")).rejects.toThrow("the disk is full");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["f"]);
});

test("a failure of what makes the bytes is its own, and leaves the old file", async ({
  folder,
}) => {
  const path = join(folder, "f");
  await writeFile(path, "old");
  const pieces = function* (): Generator<Uint8Array> {
    yield Uint8Array.of(1);
    throw new Error("the device is lost");
  };
  await expect(writeWhole(path, pieces())).rejects.toThrow(/^the device is lost$/);
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["f"]);
});

test("parts of processes that were killed go; those of ones that run stay", async ({ folder }) => {
  const path = join(folder, "f");
  await writeWhole(path, "x");
  const names: string[] = [];
  await writeWhole(
    path,
    (function* () {
      names.push(execFileSync("ls", [folder], { encoding: "utf8" }));
      yield Uint8Array.of(1);
    })(),
  );
  const [, host] = /f\.([\w.]+)-\d+-\d+\.part/.exec(names[0])!;
  const dead = execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }).trim();
  await writeFile(join(folder, `f.${host}-${dead}-0.part`), "killed");
  await writeFile(join(folder, `f.${host}-${process.ppid}-0.part`), "running");
  await writeFile(join(folder, `f.elsewhere-${dead}-0.part`), "on another machine");
  await writeWhole(path, "y");
  expect((await readdir(folder)).sort()).toEqual(
    ["f", `f.${host}-${process.ppid}-0.part`, `f.elsewhere-${dead}-0.part`].sort(),
  );
});

test("a link stays a link; what it leads to is replaced", async ({ folder }) => {
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data", "f"), "old");
  await symlink(join("data", "f"), join(folder, "link"));
  await writeWhole(join(folder, "link"), "new");
  expect((await lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, "data", "f"), "utf8")).toBe("new");
});

test("folders, pipes and devices are not replaced", async ({ folder }) => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await expect(writeWhole(pipe, "x")).rejects.toThrow("it is a pipe or a device");
  await expect(writeWhole("/dev/null", "x")).rejects.toThrow("it is a pipe or a device");
  await expect(writeWhole(folder, "x")).rejects.toThrow("it is a folder");
  expect(await readdir(folder)).toEqual(["pipe"]);
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be written", async ({ folder }) => {
  await chmod(folder, 0o500);
  await expect(writeWhole(join(folder, "f"), "x")).rejects.toThrow("it is not permitted");
  await chmod(folder, 0o700);
});
