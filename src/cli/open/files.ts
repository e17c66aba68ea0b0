import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * The bytes of a file.
 *
 * @throws one sentence with the path
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    throw new Error(`${path} cannot be read: ${reason(error)}`, { cause: error });
  }
}

/**
 * The value in a JSON file.
 *
 * @throws one sentence with the path
 */
export async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes a file, and its folder where there is none.
 *
 * @throws one sentence with the path
 */
export async function writeBytes(path: string, data: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, data);
  } catch (error) {
    throw new Error(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

/**
 * Makes the folder that a file is to be written into.
 *
 * @throws one sentence with the path
 */
export async function makeFolderOf(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw new Error(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

const reasons: Record<string, string> = {
  ENOENT: "it does not exist",
  EACCES: "it is not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
};

/** Why the file system refused, in a few words. */
export const reason = (error: unknown): string =>
  reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? (error as Error).message;
