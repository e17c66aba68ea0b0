import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { mayRun } from "./owner.ts";

let count = 0;

/** The machine's name as a part of a file's: words and dots. */
const host = () =>
  hostname()
    .replace(/[^\w.]/g, "")
    .slice(0, 24) || "here";

/** Where a file is written before it is whole: beside it, under a name that no other writer has. */
export const partName = (path: string): string =>
  `${path}.${host()}-${process.pid}-${count++}.part`;

/** Machine and process in a name made by {@link partName}, for one file or for any. */
const form = /^(.+)\.([\w.]+)-(\d+)-\d+\.part$/;

/** Removes the parts of a file whose writers were killed. */
export async function removeDeadParts(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    const [, of, where, pid] = form.exec(name) ?? [];
    if (of !== basename(path) || where !== host()) continue;
    const its = Number(pid);
    if (its === process.pid || mayRun({ pid: its, host: hostname() })) continue;
    await rm(join(folder, name), { force: true });
  }
}

/** Removes what killed runs left from a folder in which nobody else writes. */
export async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // The second is what version 0.1 called the parts of weights.
    if (form.test(name) || name.endsWith(".safetensors.part")) {
      await rm(join(folder, name), { force: true });
    }
  }
}
