import { describe, expect, test } from "vitest";
import { cachedFiles, partKey } from "../../src/engine/modelCache.ts";
import { memoryFiles } from "./memoryFiles.ts";

/** A CacheStorage with the parts that are used; `full` refuses every put, as a browser out of space does. */
function fakeCaches({ full = false } = {}) {
  const entries = new Map<string, Response>();
  const cache = {
    match: (url: string) => Promise.resolve(entries.get(url)?.clone()),
    put: (url: string, response: Response) => {
      if (full) return Promise.reject(new DOMException("Quota exceeded.", "QuotaExceededError"));
      entries.set(url, response);
      return Promise.resolve();
    },
    keys: () => Promise.resolve([...entries.keys()].map((url) => ({ url }))),
    delete: ({ url }: { url: string }) => Promise.resolve(entries.delete(url)),
  };
  const storage = { open: () => Promise.resolve(cache) };
  return { entries, storage: storage as unknown as CacheStorage };
}

const base = "https://example.org/tiny/";
const content = { "a.bin": Uint8Array.from({ length: 40 }, (_, i) => i) };
const remote = (stamp: string) =>
  Object.assign(memoryFiles(content), { stamp: () => Promise.resolve(stamp) });

describe("the key of a part", () => {
  const key = { base, path: "a.bin", stamp: '"v1"', range: [0, 8] as [number, number] };
  test("is an address that no server has", () => {
    expect(new URL(partKey(key)).hostname).toBe("palimpsest.invalid");
  });
  test.each([
    ["base", { ...key, base: "https://example.org/tiny" }],
    ["path", { ...key, path: "b.bin" }],
    ["stamp", { ...key, stamp: '"v2"' }],
    ["range", { ...key, range: [0, 9] as [number, number] }],
    ["whole file", { base, path: "a.bin", stamp: '"v1"' }],
  ])("differs by %s", (_, other) => {
    expect(partKey(other)).not.toBe(partKey(key));
  });
});

test("a part is fetched once, also by the next visit", async () => {
  const { storage: caches } = fakeCaches();
  for (const expected of [["a.bin 4-8", "a.bin"], []]) {
    const files = remote("v1");
    const cached = cachedFiles(files, { base, caches });
    expect(await cached.read("a.bin", [4, 8])).toEqual(content["a.bin"].slice(4, 8));
    expect(await cached.read("a.bin", [4, 8])).toEqual(content["a.bin"].slice(4, 8));
    expect(await cached.read("a.bin")).toEqual(content["a.bin"]);
    expect(files.reads).toEqual(expected);
    expect(await cached.size("a.bin")).toBe(40);
    expect(await cached.has("a.bin")).toBe(true);
    expect(await cached.has("b.bin")).toBe(false);
  }
});

test("a new version is fetched anew, and the old parts are dropped", async () => {
  const { storage: caches, entries } = fakeCaches();
  await cachedFiles(remote("v1"), { base, caches }).read("a.bin", [4, 8]);
  const files = remote("v2");
  await cachedFiles(files, { base, caches }).read("a.bin", [4, 8]);
  expect(files.reads).toEqual(["a.bin 4-8"]);
  expect([...entries.keys()].filter((url) => url.includes("/v1/"))).toEqual([]);
});

test("without a connection the version seen last is used", async () => {
  const { storage: caches } = fakeCaches();
  await cachedFiles(remote("v1"), { base, caches }).read("a.bin", [4, 8]);
  const offline = remote("v1");
  offline.has = () => Promise.reject(new Error("could not reach it"));
  const cached = cachedFiles(offline, { base, caches });
  expect(await cached.read("a.bin", [4, 8])).toEqual(content["a.bin"].slice(4, 8));
  expect(await cached.size("a.bin")).toBe(40);
  await expect(cached.has("never-seen.bin")).rejects.toThrow("could not reach it");
});

test("a full Cache costs speed only, and is said once", async () => {
  const { storage: caches } = fakeCaches({ full: true });
  const warnings: string[] = [];
  const files = remote("v1");
  const cached = cachedFiles(files, { base, caches, onWarning: (text) => warnings.push(text) });
  expect(await cached.read("a.bin", [4, 8])).toEqual(content["a.bin"].slice(4, 8));
  expect(await cached.read("a.bin", [4, 8])).toEqual(content["a.bin"].slice(4, 8));
  expect(warnings).toEqual([
    "the browser does not keep the model's files (Quota exceeded.); it works, but the next visit downloads them again",
  ]);
});

test("a Cache that cannot be opened is as none", async () => {
  const caches = { open: () => Promise.reject(new DOMException("denied", "SecurityError")) };
  const cached = cachedFiles(remote("v1"), { base, caches: caches as unknown as CacheStorage });
  expect(await cached.read("a.bin", [0, 2])).toEqual(Uint8Array.of(0, 1));
});

test("files that cannot tell their versions apart are not kept", async () => {
  const { storage: caches } = fakeCaches();
  const files = memoryFiles(content);
  const cached = cachedFiles(files, { base, caches });
  await cached.read("a.bin", [0, 2]);
  await cached.read("a.bin", [0, 2]);
  expect(files.reads).toHaveLength(2);
});

test("where the runtime has no Cache the files are used as they are", () => {
  const files = memoryFiles(content);
  expect("caches" in globalThis).toBe(false);
  expect(cachedFiles(files, { base })).toBe(files);
});
