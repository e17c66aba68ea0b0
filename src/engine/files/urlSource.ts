import type { Stoppable } from "../runtime/Stoppable.ts";
import { blobSource, type ByteSource } from "../../data/archive/npzStream.ts";
import { answerOf } from "./fetchText.ts";
import { sizeIn } from "./http.ts";

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
  const size = sizeIn(first);
  if (first.status === 206 && size !== undefined) {
    void first.body?.cancel();
    return {
      size,
      async read(begin, end) {
        if (begin >= end) return new Uint8Array(0);
        const headers = { Range: `bytes=${begin}-${end - 1}` };
        const part = await answerOf(url, { ...common, headers });
        const bytes = new Uint8Array(await part.arrayBuffer());
        if (part.status === 206 && bytes.length === end - begin) return bytes;
        throw new Error(`${url} changed while it was read, or the connection was lost; try again`);
      },
    };
  }
  return blobSource(await wholeBlob(first, onProgress));
}

/** The rest of an answer, piece by piece, so that the browser can put it away. */
async function wholeBlob(
  response: Response,
  onProgress: UrlSourceOptions["onProgress"],
): Promise<Blob> {
  const total = Number(response.headers.get("content-length") ?? 0);
  const pieces: Blob[] = [];
  let length = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return new Blob(pieces);
    pieces.push(new Blob([value]));
    length += value.length;
    onProgress?.(length, Math.max(total, length));
  }
}
