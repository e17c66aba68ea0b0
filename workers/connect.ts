import * as Comlink from "comlink";
import type { Lab } from "./Lab.ts";

/** The Lab as the page sees it: every answer a promise. */
export type RemoteLab = {
  [K in keyof Lab]: (...asked: Parameters<Lab[K]>) => Promise<Awaited<ReturnType<Lab[K]>>>;
};

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
    lab: remote,
    died,
    callback: (call) => Comlink.proxy(call),
    end() {
      ended.abort();
      remote[Comlink.releaseProxy]();
      worker.terminate();
    },
  };
}
