import { readdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, relative, sep } from "node:path";
import { writeWhole } from "../files/writeWhole.ts";
import type { PartStore } from "../../engine/files/download/PartStore.ts";

/** Where the terminal keeps models: PALIMPSEST_CACHE, or ~/.cache/palimpsest. */
export const modelFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.PALIMPSEST_CACHE || join(homedir(), ".cache", "palimpsest");

/** How the names of files end that are not whole; the second is an older version's. */
const UNFINISHED = [".part", ".unfinished"];

/** Keeps parts as files of a folder, under their keys. */
export function folderStore(folder: string): PartStore {
  const place = (key: string) => join(folder, ...key.split("/"));
  return {
    async get(key) {
      try {
        return new Uint8Array(await readFile(place(key)));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    async put(key, bytes) {
      await writeWhole(place(key), bytes);
    },
    delete: (key) => rm(place(key), { force: true }),
    async keys(prefix) {
      const within = place(prefix.slice(0, prefix.lastIndexOf("/")));
      const found = await readdir(within, { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          if (isAbsent(error)) return [];
          throw error;
        },
      );
      return found
        .filter((entry) => entry.isFile() && !UNFINISHED.some((end) => entry.name.endsWith(end)))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
        .filter((key) => key.startsWith(prefix));
    },
  };
}

const isAbsent = (error: unknown) =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
