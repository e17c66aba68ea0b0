/** What all who read files over HTTP say and understand alike. */
import { bounds } from "../../data/outside/bounds.ts";
import { shown } from "../../data/outside/shown.ts";

/** An address in a sentence. */
export const place = (url: string): string => shown(url, 140);

/** The sentence for a request that nobody answered. */
export function unreachable(url: string, cause: unknown, orElse = ""): Error {
  return new Error(
    `could not reach ${place(url)}; check the address and the connection (a server on another origin must allow CORS${orElse})`,
    { cause },
  );
}

/** The sentence for a connection that ended in the middle of a file. */
export const connectionLost = (url: string, cause?: unknown): Error =>
  new Error(`the connection was lost while reading ${place(url)}; try again`, { cause });

/** The most bytes that are taken of a file whose size a server does not tell: of those that describe a model, few. */
export const mostBytes = (path: string): number =>
  /\.(json|txt)$/.test(path) ? bounds.smallAnswer : bounds.wholeAnswer;

/** The sentence for an answer that is another part of the file than the one that was asked for. */
export const anotherPart = (url: string): Error =>
  new Error(`${place(url)} sent another part of the file than it was asked for; try again later`);

/** The sentence for a server's refusal. */
export function refused(url: string, status: number): Error {
  if (status === 401 || status === 403) {
    const hint = "the Hub answers so for a private model and for a misspelt name";
    return new Error(`${place(url)} may not be read (status ${status}); ${hint}`);
  }
  if (status === 404 || status === 410) {
    return new Error(`${place(url)} is not there (status ${status}); load the model again`);
  }
  return new Error(`${place(url)} could not be read (status ${status}); try again later`);
}

/** Whether a server says by this status that it has no such file, or none for us. */
export const isAbsent = (status: number): boolean => [403, 404, 410].includes(status);

/** Whether a web page came where a file was asked for: a portal, or a site that answers any path with its index. */
export function isPage({ headers }: { headers: Headers }, path: string): boolean {
  return /^text\/html/.test(headers.get("content-type") ?? "") && !path.endsWith(".html");
}

/**
 * The size of the file in an answer to HEAD, or to a request for a part of it; undefined where it is not told, or no
 * number of bytes.
 */
export function sizeIn({
  status,
  headers,
}: {
  status: number;
  headers: Headers;
}): number | undefined {
  const range = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  // The length of a compressed body is not the file's.
  const length = headers.get("content-encoding") ? null : headers.get("content-length");
  const text = status === 206 ? range : status === 200 ? (length ?? undefined) : undefined;
  return /^\d{1,16}$/.test(text ?? "") ? Number(text) : undefined;
}

/**
 * A number of bytes that a server tells, where a file may have as many.
 *
 * @throws one sentence that names the file
 */
export function checkSize(url: string, size: number): number {
  if (Number.isSafeInteger(size) && size >= 0 && size <= bounds.fileSize) return size;
  throw new Error(
    `${place(url)} is refused: its server says that it has ${shown(size)} bytes, at most ${bounds.fileSize} are read`,
  );
}

/**
 * How many bytes a read [begin, end) asks for.
 *
 * @param what names the file in messages
 * @throws one sentence for more than can be held at once
 */
export function readLength(what: string, begin: number, end: number): number {
  const length = Math.max(0, end - begin);
  if (length <= bounds.read) return length;
  throw new Error(
    `${shown(what, 140)} cannot be read: ${length} bytes are wanted at once, at most ${bounds.read} can be held`,
  );
}

/** An answer goes on beyond what is read of its kind, and no further try can change that. */
export class Overlong extends Error {
  constructor(url: string, limit: number) {
    super(`${place(url)} is refused: it sends more than the ${limit} bytes that are read`);
  }
}

/**
 * The body of an answer.
 *
 * @throws {@link Overlong} as soon as it has more bytes than the limit, and as fetch does
 */
export async function boundedBody(
  response: Response,
  { url, limit }: { url: string; limit: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) return joined(chunks, length);
    length += next.value.length;
    if (length > limit) {
      reader?.cancel().catch(() => undefined);
      throw new Overlong(url, limit);
    }
    chunks.push(next.value);
  }
}

/** Pieces of an answer, put together. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
