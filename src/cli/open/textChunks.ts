import { openToRead, unreadable } from "../files/openToRead.ts";
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
  const file = await openToRead(path);
  try {
    // Closes the file at its end, and where the reader stops.
    yield* file.createReadStream({ encoding: "utf8", highWaterMark: 2 ** 20 });
  } catch (error) {
    throw unreadable(path, error);
  }
}
