import { createReadStream } from "node:fs";
import { fetchText } from "../../engine/files/fetchText.ts";

/**
 * A text file of this machine or at an address, in pieces.
 *
 * @throws (when read) one sentence with the path
 */
export function textChunks(path: string): AsyncIterable<string> {
  return /^https?:\/\//.test(path) ? fetchText(path) : fileText(path);
}

async function* fileText(path: string): AsyncGenerator<string> {
  try {
    yield* createReadStream(path, { encoding: "utf8", highWaterMark: 2 ** 20 });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "it does not exist" : (error as Error).message;
    throw new Error(`${path} cannot be read: ${why}`, { cause: error });
  }
}
