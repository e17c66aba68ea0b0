import { byteSize, safetensorsHeader, type TensorDtype } from "../../data/weights/safetensors.ts";

/** A tensor that is about to be written. */
export interface TensorToWrite {
  name: string;
  dtype: TensorDtype;
  shape: number[];
  /** Its bytes, in pieces of any size. */
  bytes: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The bytes of tensors without what a file says about them. */
export function dataBytes(tensors: readonly TensorToWrite[]): number {
  const bytes = ({ shape, dtype }: TensorToWrite) =>
    shape.reduce((product, size) => product * size, byteSize[dtype]);
  return tensors.reduce((sum, tensor) => sum + bytes(tensor), 0);
}

/**
 * The pieces of a safetensors file, the header first, then one tensor after the other: never more than a piece is in
 * memory.
 *
 * @param what names the file in messages
 * @throws whatever the tensors' bytes throw; where a tensor's pieces are not its size
 */
export async function* shardPieces(
  tensors: TensorToWrite[],
  metadata: Record<string, string>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const { header, ends } = safetensorsHeader(tensors, metadata);
  yield header;
  let size = header.length;
  for (const [i, { name, bytes }] of tensors.entries()) {
    for await (const piece of bytes()) {
      size += piece.length;
      yield piece;
    }
    if (size !== header.length + ends[i])
      throw new Error(`${what}: tensor ${name} ended at byte ${size}, not where it should`);
  }
}
