import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import type { PartStore } from "../../engine/files/download/PartStore.ts";

/** Where the terminal keeps models: PALIMPSEST_CACHE, or ~/.cache/palimpsest. */
export const modelFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.PALIMPSEST_CACHE || join(homedir(), ".cache", "palimpsest");

const UNFINISHED = ".unfinished";

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
      const path = place(key);
      const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
      await mkdir(dirname(path), { recursive: true });
      try {
        await writeFile(unfinished, bytes);
        await rename(unfinished, path);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
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
        .filter((entry) => entry.isFile() && !entry.name.endsWith(UNFINISHED))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
        .filter((key) => key.startsWith(prefix));
    },
  };
}

const isAbsent = (error: unknown) =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
