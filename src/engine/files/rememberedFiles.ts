import type { ModelFiles } from "./ModelFiles.ts";

/** What describes a model beside its weights: small files that are read whole. */
export type DescribingFiles = Pick<ModelFiles, "name" | "revision" | "read" | "has">;

/**
 * A model's files as they are, each of which is read once and remembered whole: for the small ones that several readers
 * look into.
 *
 * @returns files, and what was read so far by path
 */
export function rememberedFiles(files: ModelFiles): {
  files: DescribingFiles;
  contents: ReadonlyMap<string, Uint8Array>;
} {
  const contents = new Map<string, Uint8Array>();
  return {
    files: {
      name: files.name,
      revision: files.revision,
      has: (path) => files.has(path),
      async read(path, range) {
        const whole = contents.get(path) ?? (await files.read(path));
        contents.set(path, whole);
        return range ? whole.slice(...range) : whole;
      },
    },
    contents,
  };
}
