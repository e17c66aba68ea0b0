import { rmSync } from "node:fs";

/** Files of this process that must not outlive it: parts that are not whole, and locks. */
const unfinished = new Set<string>();

/** Says that a file goes with the process, until {@link finished}. */
export const begun = (path: string): void => void unfinished.add(path);

/** Says that a file is whole, or is gone. */
export const finished = (path: string): void => void unfinished.delete(path);

/** Removes all of them at once; for a process that is about to end. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      rmSync(path, { force: true });
    } catch {
      // the disk is gone, say; nothing that is left has a final name
    }
  }
  unfinished.clear();
}
