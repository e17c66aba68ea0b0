import { afterEach, expect, test } from "vitest";
import {
  browserStore,
  storageEstimate,
} from "../../../../src/engine/files/download/browserStore.ts";
import { deleteKept, listKept } from "../../../../src/engine/files/keptModels.ts";
import { openFiles } from "../../../../src/engine/files/openFiles.ts";

const weights = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 31) % 251);
const address = "https://example.org/browserStore.browser.test";
let sent = 0;

/** A server of one file, with ranges. */
function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const headers = { etag: '"v1"', "content-length": String(weights.length) };
  if (!(input as string).endsWith("/model.safetensors")) {
    return Promise.resolve(new Response(null, { status: 404 }));
  }
  const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get("range") ?? "");
  if (!range) return Promise.resolve(new Response(null, { headers }));
  const [begin, end] = [Number(range[1]), Number(range[2]) + 1];
  sent += end - begin;
  const at = { "content-range": `bytes ${begin}-${end - 1}/${weights.length}`, etag: '"v1"' };
  return Promise.resolve(new Response(weights.slice(begin, end), { status: 206, headers: at }));
}

const offline = () => Promise.reject(new TypeError("Failed to fetch"));

afterEach(() => caches.delete("palimpsest-models"));

test("the browser's own Cache keeps a model between visits, lists it, and deletes it", async () => {
  const store = browserStore()!;
  for (const network of [fetch, fetch, offline]) {
    const files = await openFiles({ address }, { store, fetch: network, partSize: 8192 });
    expect(files.offline).toBe(network === offline);
    expect(await files.read("model.safetensors")).toEqual(weights);
    await files.verify();
    expect(sent).toBe(weights.length);
  }
  const [kept, ...others] = await listKept(store);
  expect(others).toEqual([]);
  expect(kept).toMatchObject({
    name: "browserStore.browser.test",
    revision: "",
    base: `${address}/`,
    bytes: 50_000,
    total: 50_000,
    complete: true,
  });
  expect(kept.usedAt).toBeGreaterThan(Date.UTC(2020));
  await deleteKept(store, kept);
  expect(await store.keys("")).toEqual([]);
});

test("the browser says how much room there is", async () => {
  const estimate = await storageEstimate();
  expect(estimate!.free).toBeGreaterThan(0);
  expect(estimate!.persisted).toBeTypeOf("boolean");
  expect(await storageEstimate({} as StorageManager)).toBeUndefined();
});
