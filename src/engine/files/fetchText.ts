/**
 * A text at an address, in pieces as they arrive.
 *
 * @throws (when read) one sentence: no connection, or the server's refusal
 */
export async function* fetchText(
  url: string,
  {
    signal,
    fetch = globalThis.fetch,
  }: { signal?: AbortSignal; fetch?: typeof globalThis.fetch } = {},
): AsyncGenerator<string> {
  const response = await answerOf(url, { fetch, ...(signal && { signal }) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** A server's answer, or a sentence. */
export async function answerOf(
  url: string,
  { fetch, ...init }: RequestInit & { fetch: typeof globalThis.fetch },
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new Error(
      `could not reach ${url}; check the address and the connection (a server on another origin must allow CORS; else download the file and open it)`,
      { cause },
    );
  }
  if (response.ok) return response;
  void response.body?.cancel();
  throw new Error(`${url} could not be read (status ${response.status})`);
}
