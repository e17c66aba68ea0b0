import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";

/** A model's files as a record in memory, with every read noted in `reads`. */
export function memoryFiles(files: Record<string, Uint8Array | string | object>) {
  const reads: string[] = [];
  const bytes = (path: string): Uint8Array | undefined => {
    const own = Object.hasOwn(files, path);
    const content = own ? (files[path] as Uint8Array | string | object | undefined) : undefined;
    if (content === undefined || content instanceof Uint8Array) return content;
    return new TextEncoder().encode(
      typeof content === "string" ? content : JSON.stringify(content),
    );
  };
  const source: ModelFiles & { reads: string[] } = {
    name: "tiny",
    revision: "test",
    reads,
    read: (path, range) => {
      reads.push(range ? `${path} ${range[0]}-${range[1]}` : path);
      const found = bytes(path);
      if (!found) return Promise.reject(new Error(`tiny has no ${path}`));
      return Promise.resolve(found.slice(...(range ?? [])));
    },
    size: (path) => Promise.resolve(bytes(path)?.length),
    has: (path) => Promise.resolve(bytes(path) !== undefined),
  };
  return source;
}
