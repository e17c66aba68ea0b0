import type { Stoppable } from "../runtime/Stoppable.ts";
import { blobSource, type ByteSource } from "../../data/archive/npzStream.ts";
import { answerOf } from "./fetchText.ts";
import { bounds } from "../../data/outside/bounds.ts";
import {
  anotherPart,
  boundedBody,
  checkSize,
  connectionLost,
  isPage,
  Overlong,
  place,
  readLength,
  sizeIn,
} from "./http.ts";

/** How the reader of a file at an address watches and stops it. */
export interface UrlSourceOptions extends Stoppable {
  /** Told the bytes that have arrived, where the whole file must be fetched first. */
  onProgress?: (bytes: number, total: number) => void;
  fetch?: typeof globalThis.fetch;
}

/**
 * The bytes at an address: by HTTP ranges where the server has them, else the whole file as a Blob, which the browser
 * keeps on disk when it is large.
 *
 * @throws one sentence: no connection, or the server's refusal
 */
export async function urlSource(url: string, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const { signal, onProgress, fetch = globalThis.fetch.bind(globalThis) } = options;
  const common = { fetch, signal };
  const first = await answerOf(url, { ...common, headers: { Range: "bytes=0-3" } });
  const told = sizeIn(first);
  const size = told === undefined ? undefined : checkSize(url, told);
  if (first.status === 206 && size !== undefined) {
    void first.body?.cancel();
    return {
      size,
      async read(begin, end) {
        const length = readLength(url, begin, end);
        if (length === 0) return new Uint8Array(0);
        const headers = { Range: `bytes=${begin}-${end - 1}` };
        const part = await answerOf(url, { ...common, headers });
        if (part.status === 206) {
          const bytes = await bodyOf(part, { url, limit: length });
          if (bytes.length === length) return bytes;
        } else void part.body?.cancel();
        throw new Error(
          `${place(url)} changed while it was read, or the connection was lost; try again`,
        );
      },
    };
  }
  let whole = first;
  if (first.status === 206) {
    // A server on another origin may not show how long the file is.
    void first.body?.cancel();
    whole = await answerOf(url, common);
  }
  if (whole.status !== 200 || isPage(whole, url)) {
    void whole.body?.cancel();
    throw whole.status === 206 ? anotherPart(url) : noFile(url, whole.status);
  }
  return blobSource(await wholeBlob(whole, { url, size, signal, onProgress }));
}

const noFile = (url: string, status: number): Error =>
  new Error(`${place(url)} gives no file (status ${status}, or a web page); check the address`);

async function bodyOf(
  response: Response,
  bound: { url: string; limit: number },
): Promise<Uint8Array> {
  try {
    return await boundedBody(response, bound);
  } catch (cause) {
    throw cause instanceof Overlong ? cause : connectionLost(bound.url, cause);
  }
}

/** The rest of an answer, piece by piece, so that the browser can put it away. */
async function wholeBlob(
  response: Response,
  {
    url,
    size = 0,
    signal,
    onProgress,
  }: {
    url: string;
    size: number | undefined;
    signal: AbortSignal | undefined;
    onProgress: UrlSourceOptions["onProgress"] | undefined;
  },
): Promise<Blob> {
  const pieces: Blob[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((cause: unknown) => {
      throw signal?.aborted ? cause : connectionLost(url, cause);
    });
    if (!next || next.done) return new Blob(pieces);
    length += next.value.length;
    if (length > bounds.wholeAnswer) {
      reader?.cancel().catch(() => undefined);
      throw new Overlong(url, bounds.wholeAnswer);
    }
    pieces.push(new Blob([next.value]));
    onProgress?.(length, Math.max(size, length));
  }
}
