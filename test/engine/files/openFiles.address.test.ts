import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFiles, type OpenOptions } from "../../../src/engine/files/openFiles.ts";
import { HubServer, manifest } from "./hubServer.ts";
import { expectBytes, hubModel as model, json, quick } from "./hubModel.ts";
import { memoryStore } from "./memoryStore.ts";

let server: HubServer;
const v1 = model(1);
const weights = v1["model.safetensors"];

beforeEach(async () => {
  server = new HubServer();
  await server.start();
  server.commit(v1);
});
afterEach(() => server.close());

const fileRequests = () => server.requests.filter((request) => !request.includes("/api/"));

describe("an address", () => {
  const at = (room: string, options: OpenOptions = {}) =>
    openFiles({ address: `${server.origin}/${room}` }, { ...quick, ...options });

  test("gives sizes, stamps and what is not there", async () => {
    const files = await at("static", { store: memoryStore() });
    expect(files).toMatchObject({ name: "static", revision: "unknown", offline: false });
    expect(await files.size("model.safetensors")).toBe(65_000);
    expect(await files.has("vocab.json")).toBe(false);
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    expect(fileRequests().filter((request) => request.startsWith("HEAD"))).toHaveLength(3);
  });

  test("whose file changes in the middle is said, and the next visit has the new one", async () => {
    const store = memoryStore();
    const files = await at("static", { store });
    await files.read("model.safetensors", [0, 9000]);
    server.commit(model(2));
    await expect(files.read("model.safetensors", [30_000, 40_000])).rejects.toThrow(
      `${server.origin}/static/model.safetensors changed while it was read; load the model again`,
    );
    await expect(files.read("model.safetensors", [0, 9000])).rejects.toThrow("changed while");
    await expect(files.verify()).rejects.toThrow("changed while it was read");
    const again = await at("static", { store });
    expectBytes(await again.read("model.safetensors"), model(2)["model.safetensors"]);
    await again.verify();
  });

  test("of which one file changes after it was read is not taken for one model", async () => {
    const files = await at("static");
    await files.read("config.json");
    server.commit(model(2));
    expectBytes(await files.read("model.safetensors"), model(2)["model.safetensors"]);
    await expect(files.verify()).rejects.toThrow(
      `${server.origin}/static/config.json changed while the model was read; load it again`,
    );
  });

  test("with a manifest is verified by it", async () => {
    server.commit({ ...v1, "palimpsest.json": manifest(v1) });
    const files = await at("static");
    expectBytes(await files.read("model.safetensors"), weights);
    await files.verify();
    const wrong = weights.slice();
    wrong[3] ^= 1;
    server.rot("model.safetensors", wrong);
    const damaged = await at("static");
    await damaged.read("model.safetensors");
    await expect(damaged.verify()).rejects.toThrow("model.safetensors of static is damaged");
  });

  test("whose manifest is not one, or tells another size, is said", async () => {
    server.commit({ ...v1, "palimpsest.json": json({ format: 2 }) });
    await expect(at("static")).rejects.toThrow('"format" is 2, expected 1');
    server.commit({ ...v1, "palimpsest.json": manifest({ "config.json": weights }) });
    await expect((await at("static")).size("config.json")).rejects.toThrow(
      /static\/config.json has 10 bytes, but palimpsest.json says 65000; convert it again$/,
    );
  });

  test("whose server ignores ranges is read once and cut into parts", async () => {
    for (const store of [memoryStore(), undefined]) {
      server.reset();
      const files = await at("whole", { store });
      expectBytes(await files.read("model.safetensors", [0, 10]), weights.slice(0, 10));
      expectBytes(await files.read("model.safetensors"), weights);
      await files.verify();
      expect(server.sent).toBe(65_000);
    }
  });

  test("where nothing is kept, a reader who goes back starts such a file again", async () => {
    const files = await at("whole");
    await files.read("model.safetensors", [0, 60_000]);
    expectBytes(await files.read("model.safetensors", [0, 10]), weights.slice(0, 10));
    await files.verify();
  });

  test("works without a connection, also for what is known not to be there", async () => {
    const store = memoryStore();
    const before = await at("static", { store });
    await before.has("vocab.json");
    await before.read("config.json");
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const files = await at("static", { store, fetch });
    expect(files.offline).toBe(true);
    expect(await files.has("vocab.json")).toBe(false);
    expect(await files.read("config.json")).toEqual(v1["config.json"]);
    await expect(files.has("merges.txt")).rejects.toThrow("and nothing is kept of it");
    await expect(at("static", { fetch })).rejects.toThrow("could not reach");
  });
});

test("a server that compresses and tells no length is read nevertheless", async () => {
  const fetch = (url: RequestInfo | URL, init?: RequestInit) => {
    if (!(url as string).endsWith("config.json")) {
      return Promise.resolve(new Response(null, { status: 404 }));
    }
    const headers = { "content-encoding": "gzip", "content-length": "7" };
    const body = init?.method === "HEAD" ? null : (v1["config.json"] as Uint8Array<ArrayBuffer>);
    return Promise.resolve(new Response(body, { headers }));
  };
  const files = await openFiles({ address: "https://example.org/tiny" }, { ...quick, fetch });
  expect(await files.size("config.json")).toBe(v1["config.json"].length);
  expect(await files.read("config.json")).toEqual(v1["config.json"]);
  await files.verify();
});
