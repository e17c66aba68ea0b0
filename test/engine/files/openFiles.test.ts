import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFiles, type OpenOptions } from "../../../src/engine/files/openFiles.ts";
import { HubServer } from "./hubServer.ts";
import { expectBytes, hubModel as model, json, quick } from "./hubModel.ts";
import { memoryStore, partKeys } from "./memoryStore.ts";

let server: HubServer;
const v1 = model(1);
const weights = v1["model.safetensors"];
let first: string;

beforeEach(async () => {
  server = new HubServer();
  await server.start();
  first = server.commit(v1);
});
afterEach(() => server.close());

const open = (options: OpenOptions = {}, revision?: string) =>
  openFiles(
    { id: server.id, ...(revision && { revision }) },
    { ...quick, hub: server.origin, ...options },
  );
const fileRequests = () => server.requests.filter((request) => !request.includes("/api/"));

describe("a model of the Hub", () => {
  test("is pinned to the commit of its branch, and its list is read to the last page", async () => {
    const files = await open();
    expect(files).toMatchObject({ name: "org/tiny", revision: first, offline: false });
    expect(server.requests).toEqual([
      "GET /api/models/org/tiny/revision/main",
      `GET /api/models/org/tiny/tree/${first}?recursive=true`,
      `GET /api/models/org/tiny/tree/${first}?recursive=true&cursor=2`,
      `GET /api/models/org/tiny/tree/${first}?recursive=true&cursor=4`,
    ]);
    expect(await files.size("model.safetensors")).toBe(65_000);
    expect(await files.has("onnx")).toBe(false);
    expect(await files.has("vocab.json")).toBe(false);
    expect(await files.stamp("config.json")).toMatch(/^[0-9a-f]{40}$/);
  });

  test("gives whole files and ranges, and ends where the file does", async () => {
    const files = await open();
    expect(await files.read("config.json")).toEqual(v1["config.json"]);
    expect(await files.read("onnx/config.json")).toEqual(v1["onnx/config.json"]);
    expectBytes(await files.read("model.safetensors", [4000, 12_345]), weights.slice(4000, 12_345));
    expectBytes(await files.read("model.safetensors", [64_990, 70_000]), weights.slice(64_990));
    expect(await files.read("model.safetensors", [70_000, 70_001])).toHaveLength(0);
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    await expect(files.read("vocab.json")).rejects.toThrow(
      "org/tiny at main has no vocab.json (not among its files)",
    );
  });

  test("stays at its commit when the branch moves in the middle", async () => {
    const files = await open();
    await files.read("model.safetensors", [0, 5000]);
    server.commit(model(2));
    expectBytes(await files.read("model.safetensors"), weights);
    expect(await files.read("config.json")).toEqual(v1["config.json"]);
    await files.verify();
  });

  test("opens at a branch with a slash, and at a commit, of which a kept list need not be asked again", async () => {
    const pull = server.commit(model(3), "refs/pr/40");
    const files = await open({}, "refs/pr/40");
    expect(files.revision).toBe(pull);
    expect(server.requests[0]).toBe("GET /api/models/org/tiny/revision/refs%2Fpr%2F40");
    const store = memoryStore();
    await open({ store }, first);
    server.reset();
    expect((await open({ store }, first)).revision).toBe(first);
    expect(server.requests).toEqual([]);
  });

  test("that is not there, or has no such revision, is said", async () => {
    const nobody = openFiles({ id: "no/body" }, { ...quick, hub: server.origin });
    await expect(nobody).rejects.toThrow(
      `no/body may not be read (status 401); ${server.origin} answers so for a private model and for a misspelt name`,
    );
    await expect(open({}, "fp8")).rejects.toThrow(
      `${server.origin} has no org/tiny with a revision fp8 (status 404); check both`,
    );
    await expect(openFiles({ id: "../x" })).rejects.toThrow("invalid model: ../x");
  });
});

test("requests are parallel, and bounded; each byte comes once", async () => {
  server.delay = 5;
  const store = memoryStore();
  const files = await open({ store, parallel: 4 });
  files.prefetch(["config.json", "tokenizer.json", "model.safetensors"]);
  expectBytes(await files.read("model.safetensors"), weights);
  await files.verify();
  await files.read("tokenizer.json");
  await files.read("config.json");
  await files.verify();
  expect(server.peak).toBeGreaterThan(1);
  expect(server.peak).toBeLessThanOrEqual(4);
  expect(server.sent).toBe(65_000 + 9000 + v1["config.json"].length);
});

test("what is asked for comes before what is fetched ahead", async () => {
  const files = await open({ store: memoryStore(), parallel: 1 });
  files.prefetch(["model.safetensors"]);
  await files.read("model.safetensors", [60_000, 60_001]);
  const ranges = fileRequests().filter((request) => request.includes("/cdn/"));
  expect(ranges.length).toBeLessThanOrEqual(3);
  expect(ranges.some((request) => request.endsWith("bytes=57344-61439"))).toBe(true);
});

describe("the next visit", () => {
  test("fetches only what is missing after a cancel", async () => {
    const store = memoryStore();
    const stop = new AbortController();
    const files = await open({ store, signal: stop.signal });
    files.prefetch(["model.safetensors"]);
    const later = files.read("model.safetensors", [50_000, 65_000]);
    await files.read("model.safetensors", [0, 20_000]);
    stop.abort(new DOMException("cancelled", "AbortError"));
    await later.catch(() => undefined);
    await expect(files.read("model.safetensors", [0, 1])).rejects.toThrow("cancelled");
    await new Promise((wake) => setTimeout(wake, 20)); // what had arrived is put away
    const kept = partKeys(store).length;
    expect(kept).toBeGreaterThanOrEqual(5);
    expect(kept).toBeLessThan(16);
    await server.idle();
    server.reset();
    const again = await open({ store });
    const missing = 65_000 - keptBytes(store);
    expectBytes(await again.read("model.safetensors"), weights);
    await again.verify();
    expect(server.sent).toBe(missing);
  });

  test("fetches nothing once all is there, and hashes no file as a whole again", async () => {
    const store = memoryStore();
    const visit = async () => {
      const files = await open({ store });
      expectBytes(await files.read("model.safetensors"), weights);
      await files.verify();
    };
    await visit();
    expect([...store.entries.keys()].filter((key) => key.endsWith("/verified"))).toHaveLength(1);
    server.reset();
    await visit();
    expect(server.requests).toEqual(["GET /api/models/org/tiny/revision/main"]);
  });

  test("works without a connection, as far as it was read before", async () => {
    const store = memoryStore();
    const before = await open({ store });
    await before.read("model.safetensors");
    await before.verify();
    await before.read("tokenizer.json", [0, 10]);
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const files = await open({ store, fetch });
    expect(files).toMatchObject({ offline: true, revision: first });
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    await expect(files.read("tokenizer.json")).rejects.toThrow(
      /^only 4096 of the 9000 bytes of tokenizer.json of org\/tiny are kept, and the rest could not be fetched \(could not reach .*\)$/,
    );
    await expect(open({ fetch })).rejects.toThrow(`could not reach ${server.origin}/api/models`);
  });

  test("after the branch has moved takes the files that did not change, and drops the others", async () => {
    const store = memoryStore();
    const before = await open({ store });
    await before.read("model.safetensors");
    await before.read("tokenizer.json");
    await before.verify();
    server.commit({ ...model(2), "model.safetensors": weights });
    server.reset();
    const files = await open({ store });
    expectBytes(await files.read("model.safetensors"), weights);
    expect(await files.read("tokenizer.json")).toEqual(model(2)["tokenizer.json"]);
    await files.verify();
    expect(server.sent).toBe(9000);
    expect(partKeys(store)).toHaveLength(16 + 3);
  });
});

const keptBytes = (store: ReturnType<typeof memoryStore>) =>
  partKeys(store).reduce((sum, key) => sum + store.entries.get(key)!.length, 0);

describe("what is damaged", () => {
  test("in the store is fetched again, and without a connection named", async () => {
    const store = memoryStore();
    const before = await open({ store });
    await before.read("model.safetensors");
    await before.verify();
    const damage = () => (store.entries.get(partKeys(store)[3])![7] ^= 1);
    damage();
    server.reset();
    const files = await open({ store });
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    expect(server.sent).toBe(4096);
    damage();
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const offline = await open({ store, fetch });
    await expect(offline.read("model.safetensors")).rejects.toThrow(
      "bytes of model.safetensors of org/tiny are kept, and the rest could not be fetched",
    );
  });

  test("at the server is named with both hashes, thrown away, and anew the next time", async () => {
    const store = memoryStore();
    const wrong = weights.slice();
    wrong[30_000] ^= 1;
    server.rot("model.safetensors", wrong);
    const files = await open({ store });
    await files.read("model.safetensors");
    const expected = await files.stamp("model.safetensors");
    await expect(files.verify()).rejects.toThrow(
      new RegExp(
        `^model.safetensors of org/tiny is damaged: its SHA-256 is [0-9a-f]{64}, expected ${expected}; it was thrown away, load the model again$`,
      ),
    );
    await expect(files.read("model.safetensors", [0, 1])).rejects.toThrow("is damaged");
    expect(partKeys(store)).toEqual([]);
    server.rot("model.safetensors", undefined);
    const again = await open({ store });
    expectBytes(await again.read("model.safetensors"), weights);
    await again.verify();
  });

  test("in a file of one part never reaches the reader", async () => {
    server.rot("config.json", json({ seed: 7 }));
    const files = await open();
    await expect(files.read("config.json")).rejects.toThrow(
      /its git hash is [0-9a-f]{40}, expected/,
    );
    server.rot("config.json", undefined);
    expect(await files.read("config.json")).toEqual(v1["config.json"]);
    await files.verify();
  });

  test("in a part that is fetched twice is noticed, where nothing is kept", async () => {
    const files = await open({ parallel: 1 });
    await files.read("model.safetensors", [0, 10]);
    const wrong = weights.slice();
    wrong[5] ^= 1;
    server.rot("model.safetensors", wrong);
    for (const at of [20_000, 30_000, 40_000, 50_000]) {
      await files.read("model.safetensors", [at, at + 1]);
    }
    await expect(files.read("model.safetensors", [0, 10])).rejects.toThrow(
      "gives other bytes from 0 on than it gave before",
    );
  });
});

describe("a store that refuses", () => {
  test("because it is full is said once, and costs only the keeping", async () => {
    const warnings: string[] = [];
    const store = memoryStore({ room: 6 });
    const files = await open({ store, onWarning: (sentence) => warnings.push(sentence) });
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    expect(warnings).toEqual([
      "the storage for models is full (Quota exceeded.); loading goes on, but what is not kept will be downloaded again",
    ]);
    server.reset();
    const again = await open({ store });
    expectBytes(await again.read("model.safetensors"), weights);
    await again.verify();
    expect(server.sent).toBeLessThan(65_000);
  });

  test("because it is blocked too", async () => {
    const warnings: string[] = [];
    const blocked = () => Promise.reject(new DOMException("denied", "SecurityError"));
    const store = { get: blocked, put: blocked, delete: blocked, keys: blocked };
    const files = await open({ store, onWarning: (sentence) => warnings.push(sentence) });
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    expect(warnings).toEqual([
      "models cannot be kept (denied); loading goes on, but what is not kept will be downloaded again",
    ]);
  });
});

test("a connection that stays silent is given up and asked again", async () => {
  let asked = 0;
  server.fault = () => (asked++ === 0 ? { kind: "slow", milliseconds: 2000 } : undefined);
  const files = await open({ patience: { ...quick.patience, stall: 100 } });
  expectBytes(await files.read("model.safetensors", [0, 10]), weights.slice(0, 10));
  expect(asked).toBeGreaterThan(1);
});

test("progress counts kept bytes, and knows speed and time left", async () => {
  let time = 0;
  const clock = () => (time += 40);
  const seen: { bytes: number; total: number; bytesPerSecond: number }[] = [];
  const options = {
    store: memoryStore(),
    clock,
    onProgress: (p: (typeof seen)[0]) => seen.push(p),
  };
  const files = await open(options);
  files.prefetch(["config.json", "model.safetensors"]);
  await files.read("model.safetensors");
  await files.verify();
  const total = 65_000 + v1["config.json"].length;
  expect(seen.at(-1)).toMatchObject({ bytes: total, total });
  expect(seen.some(({ bytes, bytesPerSecond }) => bytes < total && bytesPerSecond > 0)).toBe(true);
  expect(seen.every(({ bytes }, i) => i === 0 || bytes >= seen[i - 1].bytes)).toBe(true);
  const again = await open(options);
  again.prefetch(["config.json", "model.safetensors"]);
  await again.verify();
  expect(seen.at(-1)).toMatchObject({ bytes: total, total });
});
