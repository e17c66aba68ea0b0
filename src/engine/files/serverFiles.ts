import { type Answer, ask, type Connection, type Outcome, patiently } from "./download/Answer.ts";
import {
  checkSize,
  connectionLost,
  isAbsent,
  isPage,
  mostBytes,
  Overlong,
  refused,
  sizeIn,
} from "./http.ts";
import type { FileFacts } from "./ModelRecord.ts";
import { plainEtag } from "./download/PartedFile.ts";

/**
 * What a server says of a file: its size, and what tells this version from others.
 *
 * @returns null where there is none
 * @throws a sentence where it may not be read
 */
export async function serverFacts(
  url: string,
  path: string,
  connection: Connection,
  tries?: number,
): Promise<Outcome<FileFacts | null>> {
  const head = await patiently(() => request(url, path, "HEAD", connection), connection, tries);
  if (!("value" in head) || head.value === null) return head as Outcome<FileFacts | null>;
  const size = sizeIn(head.value);
  if (size !== undefined) return { value: factsOf(url, head.value.headers, size) };
  const first = await patiently(() => request(url, path, "GET", connection), connection, tries);
  if (!("value" in first) || first.value === null) return first as Outcome<FileFacts | null>;
  const told = sizeIn(first.value);
  if (told !== undefined) return { value: factsOf(url, first.value.headers, told) };
  return patiently(() => counted(url, path, connection), connection, tries);
}

/** For a server that compresses, knows no ranges and tells no length: the bytes are counted. */
async function counted(
  url: string,
  path: string,
  connection: Connection,
): Promise<Outcome<FileFacts | null>> {
  const asked = await ask(url, { cache: "no-cache" }, connection);
  if (!("value" in asked)) return asked;
  try {
    let size = 0;
    for (let chunk; (chunk = await asked.value.next());) {
      size += chunk.length;
      if (size > mostBytes(path)) throw new Overlong(url, mostBytes(path));
    }
    return { value: factsOf(url, asked.value.headers, size) };
  } catch (cause) {
    asked.value.cancel();
    connection.signal.throwIfAborted();
    if (cause instanceof Overlong) throw cause;
    return { again: connectionLost(url, cause) };
  }
}

async function request(
  url: string,
  path: string,
  method: "HEAD" | "GET",
  connection: Connection,
): Promise<Outcome<Answer | null>> {
  const headers: HeadersInit = method === "GET" ? { Range: "bytes=0-0" } : {};
  const asked = await ask(url, { method, headers, cache: "no-cache" }, connection);
  if (!("value" in asked)) return asked;
  const answer = asked.value;
  answer.cancel();
  if (isAbsent(answer.status) || isPage(answer, path)) return { value: null };
  if (answer.status === 405 || answer.status === 501 || answer.status < 300)
    return { value: answer };
  throw refused(url, answer.status);
}

function factsOf(url: string, headers: Headers, told: number): FileFacts {
  const size = checkSize(url, told);
  const etag = plainEtag(headers.get("etag"));
  const modified = headers.get("last-modified") ?? undefined;
  return { size, stamp: etag ?? modified, etag, modified };
}
