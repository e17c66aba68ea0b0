import { openToRead, unreadable } from "../files/openToRead.ts";

/**
 * The bytes of a file.
 *
 * @throws one sentence with the path
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  const file = await openToRead(path);
  try {
    const { buffer, byteOffset, byteLength } = await file.readFile();
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file.close();
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
