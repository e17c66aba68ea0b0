import { readFileSync, rmSync } from "node:fs";

/** Files of this process that must not outlive it: parts that are not whole, and locks. */
const unfinished = new Map<string, string | undefined>();

/**
 * Says that a file goes with the process, until {@link finished}.
 *
 * @param text it goes only where it holds this: a file that another process may have put there
 */
export const begun = (path: string, text?: string): void => void unfinished.set(path, text);

/** Says that a file is whole, or is gone. */
export const finished = (path: string): void => void unfinished.delete(path);

/** Removes all of them at once; for a process that is about to end. */
export function removeUnfinished(): void {
  for (const [path, text] of unfinished) {
    try {
      if (text === undefined || readFileSync(path, "utf8") === text) rmSync(path, { force: true });
    } catch {
      // it is not there, or the disk is gone; nothing that is left has a final name
    }
  }
  unfinished.clear();
}
