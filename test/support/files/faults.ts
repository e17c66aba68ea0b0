import { type FileHandle, open } from "node:fs/promises";
import { vi } from "vitest";

/** Every open file of this process has these methods. */
export async function handles(): Promise<FileHandle> {
  const file = await open(import.meta.filename);
  await file.close();
  return Object.getPrototypeOf(file) as FileHandle;
}

/** What the file system says when a disk is full. */
export const full = () => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

type Write = (bytes: Uint8Array, at: number, length: number, place: number | null) => unknown;

/** Files take so many bytes in all, and at most `most` at a time; then the disk is full. */
export async function smallDisk(bytes: number, most = Infinity): Promise<void> {
  const prototype = (await handles()) as unknown as { write: Write };
  const whole = prototype.write;
  let left = bytes;
  vi.spyOn(prototype, "write").mockImplementation(function (this: FileHandle, ...args) {
    const [piece, at, length, place] = args;
    const taken = Math.min(length, most, left);
    if (taken === 0) return Promise.reject(full());
    left -= taken;
    return whole.call(this, piece, at, taken, place);
  });
}
