import { createHash } from "node:crypto";
import { byteSize, safetensorsHeader, type TensorDtype } from "../../data/weights/safetensors.ts";
import { WholeFile } from "../files/WholeFile.ts";

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
  const file = await WholeFile.create(path);
  const hash = createHash("sha256");
  const write = async (piece: Uint8Array) => {
    hash.update(piece);
    await file.write(piece);
  };
  try {
    await write(header);
    for (const [i, { name, bytes }] of tensors.entries()) {
      for await (const piece of bytes()) await write(piece);
      if (file.size !== header.length + ends[i]) {
        throw new Error(`${path}: tensor ${name} ended at byte ${file.size}, not where it should`);
      }
    }
    await file.finish();
    return { size: file.size, sha256: hash.digest("hex") };
  } catch (error) {
    await file.discard();
    throw error;
  }
}
