import { describe, expect, test } from "vitest";
import { ask, type Outcome, patiently } from "../../../../src/engine/files/download/Answer.ts";

const patience = { tries: 3, backoff: 20, longest: 60, stall: 1000 };
const connection = (fetch: () => Promise<Response>, signal = new AbortController().signal) => ({
  fetch,
  signal,
  patience,
});
const never = connection(() => Promise.reject(new Error("not asked")));
const since = async (action: () => Promise<unknown>) => {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
};

describe("patience", () => {
  const again = new Error("not now");
  test("ends after so many failures in a row, with the last one", async () => {
    let tries = 0;
    const outcome = await patiently(() => Promise.resolve({ again, tries: ++tries }), never);
    expect(outcome).toMatchObject({ again });
    expect(tries).toBe(3);
  });

  test("begins anew when bytes came", async () => {
    let tries = 0;
    const attempt = (): Promise<Outcome<string>> =>
      Promise.resolve(++tries === 6 ? { value: "here" } : { again, progress: tries % 2 === 0 });
    expect(await patiently(attempt, never)).toEqual({ value: "here" });
  });

  test("waits as long as the server asks for, up to its own limit", async () => {
    const after = (milliseconds: number) =>
      since(() => patiently(() => Promise.resolve({ again, after: milliseconds }), never, 2));
    expect(await after(45)).toBeGreaterThanOrEqual(44);
    const capped = await after(3_600_000);
    expect(capped).toBeGreaterThanOrEqual(59);
    expect(capped).toBeLessThan(20_000);
  });

  test("ends at once when it is cancelled, with the reason", async () => {
    const stop = new AbortController();
    const waiting = patiently(() => Promise.resolve({ again }), {
      ...connection(() => Promise.reject(new Error("not asked")), stop.signal),
      patience: { ...patience, backoff: 3_600_000, longest: 3_600_000 },
    });
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});

describe("one request", () => {
  const answer = (status: number, headers: HeadersInit = {}) =>
    ask(
      "https://example.org/a",
      {},
      connection(() => Promise.resolve(new Response(null, { status, headers }))),
    );

  test.for([408, 425, 429, 500, 502, 503, 504])("status %i may pass", async (status) => {
    expect(await answer(status)).toMatchObject({
      again: {
        message: `https://example.org/a could not be read (status ${status}); try again later`,
      },
    });
  });

  test.for([200, 206, 401, 404, 416, 501])("status %i is an answer", async (status) => {
    expect(await answer(status)).toMatchObject({ value: { status } });
  });

  test("Retry-After is read in seconds", async () => {
    expect(await answer(429, { "retry-after": "7" })).toMatchObject({ after: 7000 });
    const date = { "retry-after": "Sat, 21 Nov 2026 08:00:00 GMT" };
    expect(await answer(503, date)).not.toHaveProperty("after");
  });

  test("a silent server is given up", async () => {
    const silent = (_: RequestInfo | URL, init?: RequestInit) =>
      new Promise<Response>((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      });
    const { signal } = new AbortController();
    const hasty = { fetch: silent, signal, patience: { ...patience, stall: 20 } };
    const outcome = await ask("https://example.org/a", {}, hasty);
    expect(outcome).toMatchObject({ again: { cause: { message: "nothing came for 0.02 s" } } });
  });
});
