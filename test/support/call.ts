import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as base } from "vitest";
import { main } from "../../src/cli/main.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A checkpoint of test/golden as `--model` takes it. */
export const golden = (name: string): string => join(root, "test/golden/checkpoints", name);

/** What a command line did. */
export interface Called {
  status: number;
  out: string;
  err: string;
}

/** Runs one command line in this process. */
export async function call(...args: string[]): Promise<Called> {
  let [out, err] = ["", ""];
  const status = await main(args, {
    root,
    print: (text) => (out += `${text}\n`),
    note: (text) => (err += `${text}\n`),
    progress: () => undefined,
  });
  return { status, out, err };
}

/** The object that `--json` prints; fails where there is anything else on standard output. */
export async function callJson<T>(...args: string[]): Promise<T> {
  const { status, out, err } = await call(...args, "--json");
  if (status !== 0) throw new Error(err);
  return JSON.parse(out) as T;
}

/** A test with an empty folder, removed afterwards. */
export const folderTest = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "palimpsest-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});
