import * as Comlink from "comlink";
import type { Lab } from "./Lab.ts";

/** An object of the worker as the page sees it: every answer a promise. */
type Remote<T> = {
  [K in keyof T]: T[K] extends (...asked: infer A) => infer R
    ? (...asked: A) => Promise<Awaited<R>>
    : Remote<T[K]>;
};

/** The Lab as the page sees it. */
export type RemoteLab = Remote<Lab>;

/** A worker that is running, and word of its end. */
export interface Connection {
  lab: RemoteLab;
  /** Resolves with the reason when the worker is gone; pending calls never answer then. */
  died: Promise<string>;
  /** A callback as the Lab takes it. */
  callback<F extends (...values: never[]) => void>(call: F): F;
  end(): void;
}

/**
 * Starts the worker and returns its Lab, each method now a promise.
 *
 * A worker that runs out of memory or is killed says nothing. It holds a Web Lock as long as it
 * lives, so the page learns of its end by being given that lock.
 */
export function connect(): Connection {
  const name = `palimpsest-${crypto.randomUUID()}`;
  const worker = new Worker(new URL("./lab.worker.ts", import.meta.url), { type: "module", name });
  const remote = Comlink.wrap<Lab>(worker);
  const ended = new AbortController();
  const died = new Promise<string>((resolve) => {
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.message || "it could not be started");
    });
    worker.addEventListener("messageerror", () =>
      resolve("it sent a message that could not be read"),
    );
    void remote.lost().then(resolve, () => undefined);
    // Its first answer says that it holds the lock.
    void remote
      .started()
      .then(() =>
        navigator.locks?.request(name, { signal: ended.signal }, () =>
          resolve("it ended without a word"),
        ),
      )
      .catch(() => undefined);
  });
  return {
    // Comlink's own type does not see that an object's methods can be called across.
    lab: remote as unknown as RemoteLab,
    died,
    callback: (call) => Comlink.proxy(call),
    end() {
      ended.abort();
      remote[Comlink.releaseProxy]();
      worker.terminate();
    },
  };
}
