import { bounds } from "../../../data/outside/bounds.ts";
import { connectionLost, joined, Overlong, refused, unreachable } from "../http.ts";

/** How long to go on trying; all times in milliseconds. */
export interface Patience {
  /** Failures in a row before giving up. */
  tries: number;
  /** The wait before the second try; it doubles with every further one. */
  backoff: number;
  /** The longest wait between two tries, also where the server asks for more. */
  longest: number;
  /** Without a byte for so long, a connection counts as lost. */
  stall: number;
}

/** What every request of a model's files has in common. */
export interface Connection {
  fetch: typeof globalThis.fetch;
  signal: AbortSignal;
  patience: Patience;
}

/** What a try came to: something, or why to try again and how soon. */
export type Outcome<T> =
  | { value: T }
  | { again: Error; after?: number | undefined; /** Some bytes came. */ progress?: boolean };

/** A server's answer whose body is watched: a connection without a sign of life is ended. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #watch: Watch;
  readonly #url: string;

  private constructor(response: Response, watch: Watch, url: string) {
    this.#url = url;
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = response.body?.getReader();
    this.#watch = watch;
  }

  /** @throws as fetch does, and where nothing comes for too long */
  static async to(
    url: string,
    init: RequestInit,
    { fetch, signal, patience }: Connection,
  ): Promise<Answer> {
    const watch = new Watch(signal, patience.stall);
    try {
      const response = await watch.during(fetch(url, { ...init, signal: watch.signal }));
      return new Answer(response, watch, url);
    } catch (error) {
      watch.end();
      throw error;
    }
  }

  /**
   * The next bytes of the body; undefined at its end.
   *
   * @throws a sentence where the connection is lost, or the caller's reason
   */
  async next(): Promise<Uint8Array | undefined> {
    try {
      const read = this.#reader && (await this.#watch.during(this.#reader.read()));
      if (read && !read.done) return read.value;
    } catch (cause) {
      throw this.#watch.isStopped ? cause : connectionLost(this.#url, cause);
    }
    this.#watch.end();
    return undefined;
  }

  /**
   * The whole body of a small answer.
   *
   * @throws where the connection is lost, and {@link Overlong}
   */
  async bytes(limit: number = bounds.smallAnswer): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let chunk; (chunk = await this.next());) {
      length += chunk.length;
      if (length > limit) {
        this.cancel();
        throw new Overlong(this.#url, limit);
      }
      chunks.push(chunk);
    }
    return joined(chunks, length);
  }

  /** Ends the connection; what is left of the body is not wanted. */
  cancel(): void {
    this.#watch.end();
    this.#reader?.cancel().catch(() => undefined);
  }
}

/** Ends a request when the caller does, or when it stays silent. */
class Watch {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #stall: number;
  readonly #stop = () => this.#controller.abort(this.#outer.reason);

  constructor(outer: AbortSignal, stall: number) {
    this.#outer = outer;
    this.#stall = stall;
    if (outer.aborted) this.#stop();
    else outer.addEventListener("abort", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the caller ended it. */
  get isStopped(): boolean {
    return this.#outer.aborted;
  }

  async during<T>(promise: Promise<T>): Promise<T> {
    const silent = new Error(`nothing came for ${this.#stall / 1000} s`);
    const timer = setTimeout(() => this.#controller.abort(silent), this.#stall);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#outer.removeEventListener("abort", this.#stop);
  }
}

/** One request: the server's answer, or, where it is worth it, why to ask again. */
export async function ask(
  url: string,
  init: RequestInit,
  connection: Connection,
): Promise<Outcome<Answer>> {
  let answer: Answer;
  try {
    answer = await Answer.to(url, init, connection);
  } catch (cause) {
    connection.signal.throwIfAborted();
    return { again: unreachable(url, cause) };
  }
  const { status, headers } = answer;
  const passing = [408, 425, 429].includes(status) || (status >= 500 && status !== 501);
  if (!passing) return { value: answer };
  answer.cancel();
  const [again, after] = [refused(url, status), retryAfter(headers)];
  return after === undefined ? { again } : { again, after };
}

/** Milliseconds of a Retry-After header that counts seconds; a date is not read, the usual backoff will do. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after") ?? "";
  return /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}

/**
 * Tries until something comes of it or patience ends, waiting longer each time; a try in which bytes came counts as the
 * first failure.
 *
 * @throws what a try throws, and the reason when the signal is aborted
 */
export async function patiently<T>(
  attempt: () => Promise<Outcome<T>>,
  { signal, patience }: Connection,
  tries = patience.tries,
): Promise<Outcome<T>> {
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    const outcome = await attempt();
    if ("value" in outcome) return outcome;
    failures = outcome.progress ? 1 : failures + 1;
    if (failures >= tries) return outcome;
    const backoff = patience.backoff * 2 ** (failures - 1);
    await pause(Math.min(patience.longest, Math.max(outcome.after ?? 0, backoff)), signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
