import { link, mkdir, open, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { shown } from "../../data/outside/shown.ts";
import { mayRun, type Owner, thisOwner } from "./owner.ts";
import { partName, removeDeadParts } from "./partName.ts";
import { reason, unwritable } from "./reason.ts";
import { begun, finished } from "./unfinished.ts";
import { writeAll } from "./WholeFile.ts";

/** The file that says who writes in a folder. */
export const LOCK = "palimpsest.lock";

/** What a lock says. */
interface Held extends Owner {
  doing: string;
}

/**
 * Does something in a folder in which no other run may write meanwhile; the folder is made where there is none. The lock
 * of a process that was killed is taken over.
 *
 * @param doing what the other run is told: `study`, `convert`
 * @throws one sentence with the other process's id, or that the folder cannot be written; what the work throws
 */
export async function inFolder<T>(
  folder: string,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  const made = await makeFolder(folder);
  const path = join(folder, LOCK);
  await take(folder, { ...thisOwner(), doing });
  try {
    return await work();
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
    finished(path);
    // Where nothing came of it, nothing is left of it; a folder with files stays.
    if (made) await rmdir(folder).catch(() => undefined);
  }
}

/** Whether there was no such folder before. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    throw new Error(`${folder} cannot be made: ${reason(error)}`, { cause: error });
  }
}

async function take(folder: string, own: Held): Promise<void> {
  const path = join(folder, LOCK);
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await put(path, own)) return removeDeadParts(path);
    const there = await read(path);
    if (!there) continue;
    const other = heldBy(there.text);
    if (other && mayRun(other)) throw inUse(folder, other);
    // Without links a lock is empty for a moment, and for good where its writer was killed then.
    if (!other && there.age < 5000) await new Promise((later) => setTimeout(later, 300));
    else await removeStale(path, there.text);
  }
  throw new Error(`${folder} is in use; where nothing runs there any more, remove ${path}`);
}

function inUse(folder: string, { pid, host, doing }: Held): Error {
  const here = host === hostname();
  const next = here
    ? "wait until it has ended, or name another folder"
    : `name another folder, or remove ${join(folder, LOCK)} where it runs no more`;
  const where = here ? "" : ` on ${shown(host)}`;
  return new Error(
    `${folder} is in use by palimpsest ${shown(doing)}, process ${pid}${where}; ${next}`,
  );
}

/** Puts the lock there with its content at once, if there is none. */
async function put(path: string, own: Held): Promise<boolean> {
  const part = partName(path);
  const text = JSON.stringify(own);
  begun(part);
  begun(path, text);
  try {
    const file = await open(part, "wx");
    try {
      await writeAll(file, new TextEncoder().encode(text));
    } finally {
      await file.close();
    }
    await link(part, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(code ?? "")) {
      return await putWithoutLink(path, text);
    }
    finished(path);
    if (code === "EEXIST") return false;
    throw unwritable(path, error);
  } finally {
    await rm(part, { force: true });
    finished(part);
  }
}

/** On a disk that knows no links the lock is empty for a moment. */
async function putWithoutLink(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await writeAll(file, new TextEncoder().encode(text));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    finished(path);
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw unwritable(path, error);
  }
}

async function read(path: string): Promise<{ text: string; age: number } | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    return { text: await readFile(path, "utf8"), age: Date.now() - mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unwritable(path, error);
  }
}

/** What a lock says; undefined where it is not whole. */
function heldBy(text: string): Held | undefined {
  try {
    const { pid, host, doing, started } = JSON.parse(text) as Partial<Held>;
    if (!Number.isSafeInteger(pid) || typeof host !== "string") return undefined;
    return { pid: pid!, host, doing: String(doing), started };
  } catch {
    return undefined;
  }
}

/** Removes a lock that was found to be nobody's, unless another run has put its own there since. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = partName(path);
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== text) await link(aside, path).catch(() => undefined);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unwritable(path, error);
  }
}
