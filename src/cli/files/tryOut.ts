import { constants } from "node:fs";
import { access, open, rm, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { partName } from "./partName.ts";
import { unwritable } from "./reason.ts";

/**
 * Asks, before any work, whether a file could be written there; nothing is left of it.
 *
 * @throws one sentence with the path: it is a folder, a pipe or a device, or may not be written
 */
export async function tryFile(path: string): Promise<void> {
  try {
    if (path === "") throw new Error("it has no name");
    if (path.endsWith(sep)) throw new Error("it is a folder");
    const there = await stat(path).catch(absent);
    if (there?.isDirectory()) throw new Error("it is a folder");
    if (there && !there.isFile()) {
      throw new Error("it is a pipe or a device; give the name of a file");
    }
    if (there) await access(path, constants.W_OK);
    await tryIn(dirname(resolve(path)));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Asks, before any work, whether files could be written in a folder that is there or is to be made; nothing
 * is left of it.
 *
 * @throws one sentence with the path
 */
export async function tryFolder(path: string): Promise<void> {
  try {
    if (path === "") throw new Error("it has no name");
    await tryIn(resolve(path));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The folder itself, or the nearest of those above it that is there. */
async function tryIn(folder: string): Promise<void> {
  const there = await stat(folder).catch(absent);
  if (!there && dirname(folder) !== folder) return tryIn(dirname(folder));
  if (!there?.isDirectory()) throw new Error(`${folder} is not a folder`);
  const part = partName(join(folder, "try"));
  try {
    await (await open(part, "wx")).close();
  } finally {
    await rm(part, { force: true });
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
