/* eslint-disable @typescript-eslint/require-await -- it stands for what a browser answers with promises */

type Entry = Uint8Array | Map<string, Entry>;

/** A folder of the browser's that is in memory: what a page may write into, what is in it, and a disk that fails. */
export function memoryDirectory() {
  const root = new Map<string, Entry>();
  let failure: Error | undefined;
  const fileHandle = (folder: Map<string, Entry>, name: string) => ({
    async createWritable() {
      const pieces: Uint8Array[] = [];
      return {
        async write(piece: Uint8Array) {
          if (failure) throw failure;
          pieces.push(piece.slice());
        },
        async close() {
          folder.set(name, Uint8Array.from(pieces.flatMap((piece) => [...piece])));
        },
        async abort() {
          pieces.length = 0;
        },
      };
    },
  });
  const directoryHandle = (folder: Map<string, Entry>, name: string): unknown => ({
    name,
    async *keys() {
      yield* folder.keys();
    },
    async getFileHandle(file: string) {
      return fileHandle(folder, file);
    },
    async getDirectoryHandle(below: string) {
      if (!folder.has(below)) folder.set(below, new Map());
      return directoryHandle(folder.get(below) as Map<string, Entry>, below);
    },
    async removeEntry(below: string) {
      folder.delete(below);
    },
  });
  return {
    parent: directoryHandle(root, "") as FileSystemDirectoryHandle,
    contents: () => filesIn(root, ""),
    fail: (error: Error) => (failure = error),
  };
}

/** Every file by its path. */
function filesIn(folder: Map<string, Entry>, before: string): Map<string, Uint8Array> {
  const files = [...folder].flatMap(([name, entry]): [string, Uint8Array][] =>
    entry instanceof Map ? [...filesIn(entry, `${before}${name}/`)] : [[`${before}${name}`, entry]],
  );
  return new Map(files);
}
