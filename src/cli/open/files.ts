import { bounds } from "../../data/outside/bounds.ts";
import { decodeText, type JsonBounds, parseJson } from "../../data/outside/readJson.ts";
import { shown } from "../../data/outside/shown.ts";
import { openToRead, unreadable } from "../files/openToRead.ts";

/**
 * The bytes of a file.
 *
 * @param most what the file may have at most; it is not read where it has more
 * @throws one sentence with the path
 */
export async function readBytes(path: string, most = Infinity): Promise<Uint8Array> {
  const file = await openToRead(path);
  try {
    const { size } = await file.stat();
    if (size > most) {
      throw new Error(`${shown(path, 100)} is too large: ${size} bytes (at most ${most})`);
    }
    const { buffer, byteOffset, byteLength } = await file.readFile();
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file.close();
  }
}

/**
 * The text in a file of cases, facts or settings, without the mark of its byte order.
 *
 * @throws one sentence with the path: it is not UTF-8, or far too large
 */
export const readText = async (path: string): Promise<string> =>
  decodeText(await readBytes(path, bounds.cases), path).replace(/^\uFEFF/, "");

/**
 * The value in a JSON file.
 *
 * @throws one sentence with the path
 */
export const readJson = async (path: string, limits: JsonBounds = {}): Promise<unknown> =>
  parseJson(await readBytes(path, limits.bytes ?? bounds.json), path, limits);

/** A file of cases or facts, which may be as large as the published sets are. */
export const readCaseJson = (path: string): Promise<unknown> =>
  readJson(path, { bytes: bounds.cases, values: bounds.caseValues });
