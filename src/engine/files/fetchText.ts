import type { Stoppable } from "../runtime/Stoppable.ts";
import { connectionLost, place, unreachable } from "./http.ts";

/**
 * A text at an address, in pieces as they arrive.
 *
 * @throws (when read) one sentence: no connection, one that is lost, or the server's refusal
 */
export async function* fetchText(
  url: string,
  { signal, fetch = globalThis.fetch }: { fetch?: typeof globalThis.fetch } & Stoppable = {},
): AsyncGenerator<string> {
  const response = await answerOf(url, { fetch, signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const next = await reader.read().catch((cause: unknown) => {
      throw signal?.aborted ? cause : connectionLost(url, cause);
    });
    if (next.done) return;
    yield next.value;
  }
}

/** A server's answer, or a sentence. */
export async function answerOf(
  url: string,
  {
    fetch,
    signal = null,
    ...init
  }: Omit<RequestInit, "signal"> & {
    fetch: typeof globalThis.fetch;
    signal?: AbortSignal | null | undefined;
  },
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable(url, cause, "; else download the file and open it");
  }
  if (response.ok) return response;
  void response.body?.cancel();
  throw new Error(`${place(url)} could not be read (status ${response.status})`);
}
