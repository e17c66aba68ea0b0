import { WholeFile } from "./WholeFile.ts";

/** What a file is made of: one piece, or several that need not be in memory together. */
export type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file as {@link WholeFile} does, with its folder where there is none.
 *
 * @returns its size in bytes
 * @throws one sentence with the path; or whatever making the pieces throws
 */
export async function writeWhole(path: string, content: Content): Promise<number> {
  const file = await WholeFile.create(path);
  try {
    for await (const piece of piecesOf(content)) await file.write(piece);
    await file.finish();
    return file.size;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function piecesOf(content: Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}
