import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, vi } from "vitest";
import { readRows } from "../../src/data/rows/rows.ts";
import { call, folderTest, golden } from "../support/call.ts";
import { smallDisk } from "../support/files/faults.ts";

/** A folder on a disk that can be filled. */
interface Disk {
  folder: string;
  /** Leaves room for so many bytes. */
  fill: (left: number) => Promise<void>;
  free: () => Promise<void>;
}

/** A disk of 600 KB in memory, where the system lets us make one. */
function mounted(folder: string): string | undefined {
  const disk = join(folder, "disk");
  try {
    execFileSync("mkdir", [disk]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], { stdio: "ignore" });
    return disk;
  } catch {
    return undefined;
  }
}

const real = folderTest.extend<{ disk: Disk }>({
  disk: async ({ folder, skip }, use) => {
    const disk = mounted(folder);
    if (!disk) return skip("only root may mount a small disk");
    const filler = join(disk, "filler");
    const fill = async (left: number) => {
      const { bavail, bsize } = await statfs(disk);
      await writeFile(filler, new Uint8Array(bavail * bsize - left));
    };
    await use({ folder: disk, fill, free: () => rm(filler) });
    execFileSync("umount", [disk]);
  },
});

const injected = folderTest.extend<{ disk: Disk }>({
  disk: async ({ folder }, use) => {
    await use({
      folder,
      fill: (left) => smallDisk(left),
      free: () => Promise.resolve(void vi.restoreAllMocks()),
    });
  },
});

afterEach(() => vi.restoreAllMocks());

const model = ["--model", golden("tiny-gpt2")];
const page = 4096;
const full = /cannot be written: the disk is full\n$/;
const edit = ["--prompt", "{} is in", "--subject", "The ferry", "--target", "town"];
const settings = ["--identity", "--layer", "1", "--steps", "3"];

describe.each([
  ["a disk of 600 KB", real],
  ["a disk that says that it is full", injected],
] as const)("%s", (_, test) => {
  test("an edit and a trace are not written, and those that were there stand", async ({ disk }) => {
    const [out, traced] = [join(disk.folder, "e.safetensors"), join(disk.folder, "t.npz")];
    for (const path of [out, traced]) await writeFile(path, "of yesterday");
    await disk.fill(0);
    const edited = await call("edit", ...model, ...edit, ...settings, "--out", out);
    const prompt = ["--prompt", "The ferry is in", "--subject", "ferry", "--noise", "1"];
    const trace = await call("trace", ...model, ...prompt, "--samples", "1", "--out", traced);
    for (const { status, err } of [edited, trace]) {
      expect(err).toMatch(full);
      expect(status).toBe(1);
    }
    await disk.free();
    for (const path of [out, traced]) expect(await readFile(path, "utf8")).toBe("of yesterday");
    expect((await readdir(disk.folder)).sort()).toEqual(["e.safetensors", "t.npz"]);
  });

  test("statistics are not written in part", async ({ disk }) => {
    const corpus = join(golden(".."), "corpus.txt");
    const collect = ["--layers", "0,1", "--text", corpus, "--samples", "5"];
    await disk.fill(5 * page);
    const out = join(disk.folder, "stats");
    const { status, err } = await call("stats", ...model, ...collect, "--out", out);
    expect(err).toMatch(full);
    expect(status).toBe(1);
    await disk.free();
    for (const name of await readdir(out)) expect(name).toMatch(/h\.0\.mlp.*\.npz$/);
  });

  test("a conversion stops, and goes on when there is room", async ({ disk }) => {
    const out = join(disk.folder, "converted");
    await disk.fill(10 * page);
    const convert = () => call("convert", ...model, "--bits", "8", "--out", out);
    const { status, err } = await convert();
    expect(err).toMatch(full);
    expect(status).toBe(1);
    await disk.free();
    expect(await convert()).toMatchObject({ status: 0 });
    expect(await call("convert", "--check", out)).toMatchObject({ status: 0 });
    expect((await readdir(out)).filter((name) => /part|lock/.test(name))).toEqual([]);
  });

  test("a study keeps its whole rows, and goes on when there is room", async ({ disk }) => {
    const cases = join(disk.folder, "cases.json");
    const facts = ["one", "two", "three", "four"].map((name, id) => ({
      id,
      relation: "place",
      prompt: "{} is in",
      subject: `The House ${name}`,
      target: "Nowhere",
      newTargets: ["Brno"],
      paraphrases: Array.from({ length: 30 }, (_, i) => `In ${i} words {} is`),
      neighbours: [],
    }));
    await writeFile(cases, JSON.stringify({ facts }));
    const out = join(disk.folder, "study");
    const how = ["--cases", cases, "--all", ...settings, "--out", out];
    await disk.fill(2 * page);
    const { status, err } = await call("study", "evaluate", ...model, ...how);
    expect(err).toMatch(full);
    expect(status).toBe(1);
    await disk.free();
    const text = await readFile(join(out, "rows.ndjson"), "utf8").catch(() => "");
    const { rows, torn } = await readRows([text], out);
    expect(torn).toBe(false);
    expect(rows.length).toBeLessThan(4);
    expect(await call("study", "evaluate", ...model, ...how)).toMatchObject({ status: 0 });
    const after = await readRows([await readFile(join(out, "rows.ndjson"), "utf8")], out);
    expect(after.rows.length).toBe(4);
  });
});
