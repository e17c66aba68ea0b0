import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readNpz, writeNpz } from "../../data/archive/npz.ts";
import type { ValueCache } from "../../methods/edit/Editor.ts";
import { writeWhole } from "../files/writeWhole.ts";

/** z's in a folder, one `.npz` each with `v_star` [dModel] as the authors' cache has it, named by what they depend on. */
export function valueFolder(folder: string): ValueCache {
  const path = (name: string) =>
    join(folder, `${createHash("sha256").update(name).digest("hex").slice(0, 32)}.npz`);
  return {
    async get(name) {
      const bytes = await readFile(path(name)).catch(() => undefined);
      if (!bytes) return undefined;
      try {
        return readNpz(new Uint8Array(bytes)).v_star.data as Float32Array;
      } catch {
        return undefined; // cut short by a crash: it is searched for again
      }
    },
    async set(name, z) {
      const file = writeNpz({ v_star: { shape: [z.length], dtype: "f4", data: z } });
      await writeWhole(path(name), file);
    },
  };
}

/** z's that live as long as the run. */
export function memoryValues(): ValueCache {
  const kept = new Map<string, Float32Array>();
  return {
    get: (name) => Promise.resolve(kept.get(name)),
    set: (name, z) => Promise.resolve(void kept.set(name, z)),
  };
}
