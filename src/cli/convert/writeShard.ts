import { createHash } from "node:crypto";
import { open, rename, type FileHandle } from "node:fs/promises";
import { byteSize, safetensorsHeader, type TensorDtype } from "../../data/weights/safetensors.ts";
import { reason } from "../open/files.ts";

/** A tensor that is about to be written. */
export interface TensorToWrite {
  name: string;
  dtype: TensorDtype;
  shape: number[];
  /** Its bytes, in pieces of any size. */
  bytes: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What was written, as a manifest lists it. */
export interface WrittenFile {
  size: number;
  sha256: string;
}

/** The bytes of tensors without what a file says about them. */
export function dataBytes(tensors: TensorToWrite[]): number {
  const bytes = ({ shape, dtype }: TensorToWrite) =>
    shape.reduce((product, size) => product * size, byteSize[dtype]);
  return tensors.reduce((sum, tensor) => sum + bytes(tensor), 0);
}

/**
 * Writes a safetensors file of which never more than a piece is in memory: the header first, then one tensor after the
 * other. It has another name until it is complete and on the disk.
 *
 * @throws one sentence with the path; or whatever the tensors' bytes throw
 */
export async function writeShard(
  path: string,
  tensors: TensorToWrite[],
  metadata: Record<string, string>,
): Promise<WrittenFile> {
  const { header, ends } = safetensorsHeader(tensors, metadata);
  const file = await HashedFile.create(path);
  try {
    await file.write(header);
    for (const [i, { name, bytes }] of tensors.entries()) {
      for await (const piece of bytes()) await file.write(piece);
      if (file.size !== header.length + ends[i]) {
        throw new Error(`${path}: tensor ${name} ended at byte ${file.size}, not where it should`);
      }
    }
    return await file.finish();
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file that is hashed while it is written, as `path.part` until it is finished. */
class HashedFile {
  size = 0;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  static async create(path: string): Promise<HashedFile> {
    try {
      return new HashedFile(path, await open(`${path}.part`, "w"));
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await this.#handle.write(bytes, at)).bytesWritten;
      }
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.size += bytes.length;
  }

  async finish(): Promise<WrittenFile> {
    try {
      // Before the name says that it is complete.
      await this.#handle.sync();
      await this.#handle.close();
      await rename(`${this.#path}.part`, this.#path);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    return { size: this.size, sha256: this.#hash.digest("hex") };
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

const unwritable = (path: string, error: unknown) =>
  new Error(`${path} cannot be written: ${reason(error)}`, { cause: error });
