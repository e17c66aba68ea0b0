import { createHash } from "node:crypto";
import { shardPieces, type TensorToWrite } from "../../engine/export/TensorToWrite.ts";
import { writeWhole } from "../files/writeWhole.ts";

/** What was written, as a manifest lists it. */
export interface WrittenFile {
  size: number;
  sha256: string;
}

/**
 * Writes a safetensors file of which never more than a piece is in memory. It has another name until it is complete and on
 * the disk.
 *
 * @throws one sentence with the path; or whatever the tensors' bytes throw
 */
export async function writeShard(
  path: string,
  tensors: TensorToWrite[],
  metadata: Record<string, string>,
): Promise<WrittenFile> {
  const hash = createHash("sha256");
  const hashed = async function* () {
    for await (const piece of shardPieces(tensors, metadata, path)) {
      hash.update(piece);
      yield piece;
    }
  };
  const size = await writeWhole(path, hashed());
  return { size, sha256: hash.digest("hex") };
}
