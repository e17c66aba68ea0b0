import { execFileSync } from "node:child_process";
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

/** The arguments of each call of a command that was copied, as a shell makes them; files of text are made in the folder. */
export const callsOf = (text: string, folder: string): string[][] =>
  execFileSync(
    "sh",
    ["-c", `npm() { shift 4; printf '%s\\000' "$@"; printf '\\001\\000'; }\n${text}`],
    {
      encoding: "utf8",
      cwd: folder,
    },
  )
    .split("\u0001\0")
    .slice(0, -1)
    .map((one) => one.split("\0").slice(0, -1));
