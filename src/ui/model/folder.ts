import type { RemoteLab } from "../../../workers/connect.ts";
import type { ChosenModel } from "../../../workers/protocol/protocol.ts";
import { type FolderHandle, RememberedFolder } from "./RememberedFolder.svelte.ts";

/** A folder of this computer, as the Lab takes it. */
export type Folder = Extract<ChosenModel, { kind: "folder" }>;

/** A model's folder is flat, or a Hub's cache with a few levels; who drops a whole disk should hear of it soon. */
const [DEPTH, MOST] = [4, 2000];

interface DirectoryHandle extends FolderHandle {
  kind: "directory";
  values(): AsyncIterable<
    DirectoryHandle | { kind: "file"; name: string; getFile(): Promise<File> }
  >;
}

declare global {
  interface Window {
    showDirectoryPicker?(options?: { id?: string; mode?: "read" }): Promise<DirectoryHandle>;
  }
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<DirectoryHandle | { kind: "file" } | null>;
  }
}

/** By what a folder is opened again; beside it, since the worker has no use for that. */
const handles = new WeakMap<Folder, DirectoryHandle>();
/** By which a folder that was read is opened again, where the browser gave one. */
export const handleOf = (folder: Folder) => handles.get(folder);

/** The folder that this browser remembers; the Lab keeps it. */
export function rememberedFolder(
  lab: () => Pick<RemoteLab["models"], "folder" | "keepFolder">,
): RememberedFolder<DirectoryHandle> {
  return new RememberedFolder<DirectoryHandle>({
    shelf: {
      get: async () => (await lab().folder()) as DirectoryHandle | undefined,
      set: async (handle) => lab().keepFolder(handle),
      delete: async () => lab().keepFolder(undefined),
    },
    read: folderOf,
  });
}

/** Whether the browser lets a page ask for a folder (the File System Access API). */
export const canPickFolder = () => typeof window.showDirectoryPicker === "function";

/**
 * Asks the reader for a folder.
 *
 * @returns null where none was chosen
 * @throws a sentence
 */
export async function pickFolder(): Promise<Folder | null> {
  try {
    const handle = await window.showDirectoryPicker!({ id: "model", mode: "read" });
    return await folderOf(handle);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

/** The files of an `<input webkitdirectory>`; null where none were chosen. */
export function listedFolder(list: FileList | null): Folder | null {
  const files = [...(list ?? [])].map((file) => ({
    path: file.webkitRelativePath || file.name,
    file,
  }));
  if (!files.length) return null;
  return { kind: "folder", name: files[0].path.split("/")[0], files };
}

/**
 * The folder that was dropped, or the files of one.
 *
 * @returns null where nothing of the kind was
 * @throws a sentence
 */
export async function droppedFolder(transfer: DataTransfer): Promise<Folder | null> {
  // Everything must be asked for before the first wait: the drop's items are gone then.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const handles = items.map((item) => item.getAsFileSystemHandle?.());
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = [...transfer.files];
  const handle = await handles[0];
  if (handle?.kind === "directory") return folderOf(handle);
  const entry = entries[0];
  if (entry?.isDirectory) return entryFolder(entry as FileSystemDirectoryEntry);
  if (!files.some(({ name }) => /^(adapter_)?config\.json$/.test(name))) return null;
  return { kind: "folder", name: "dropped files", files: files.map(asFile) };
}

const asFile = (file: File) => ({ path: file.name, file });

async function folderOf(handle: DirectoryHandle): Promise<Folder> {
  const files: Folder["files"] = [];
  const walk = async (directory: DirectoryHandle, path: string, depth: number) => {
    for await (const entry of directory.values()) {
      const at = `${path}/${entry.name}`;
      if (entry.kind === "file") add(files, at, await entry.getFile());
      else if (depth < DEPTH) await walk(entry, at, depth + 1);
    }
  };
  await walk(handle, handle.name, 1);
  const folder: Folder = { kind: "folder", name: handle.name, files };
  handles.set(folder, handle);
  return folder;
}

/** The same where there are no handles. */
async function entryFolder(root: FileSystemDirectoryEntry): Promise<Folder> {
  const files: Folder["files"] = [];
  const walk = async (directory: FileSystemDirectoryEntry, path: string, depth: number) => {
    for (const entry of await entriesOf(directory)) {
      const at = `${path}/${entry.name}`;
      if (entry.isFile) {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject),
        );
        add(files, at, file);
      } else if (depth < DEPTH) await walk(entry as FileSystemDirectoryEntry, at, depth + 1);
    }
  };
  await walk(root, root.name, 1);
  return { kind: "folder", name: root.name, files };
}

/** A reader gives some entries at a time, and none at the end. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) return all;
    all.push(...some);
  }
}

function add(files: Folder["files"], path: string, file: File) {
  if (files.length >= MOST) {
    throw new Error(
      `the folder has more than ${MOST} files; choose the one that holds config.json itself`,
    );
  }
  files.push({ path, file });
}
