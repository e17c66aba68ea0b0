import { afterEach, beforeEach, expect, test } from "vitest";
import { deleteKept, listKept } from "../../../src/engine/files/keptModels.ts";
import { openFiles } from "../../../src/engine/files/openFiles.ts";
import { type Files, HubServer, seededBytes } from "./hubServer.ts";
import { memoryStore, partKeys } from "./memoryStore.ts";

let server: HubServer;
const model = (seed: number): Files => ({
  "config.json": seededBytes(100, seed),
  "model.safetensors": seededBytes(20_000, 7),
  "other.safetensors": seededBytes(9000, seed),
});

beforeEach(async () => {
  server = new HubServer();
  await server.start();
  server.commit(model(1));
  server.commit(model(2), "float16");
});
afterEach(() => server.close());

test("kept models are listed, the last used first, and deleted without what others share", async () => {
  const store = memoryStore();
  const visit = (revision: string, time: number) =>
    openFiles(
      { id: server.id, revision },
      { hub: server.origin, store, partSize: 4096, clock: () => time },
    );
  const main = await visit("main", 1000);
  await main.read("config.json");
  await main.read("model.safetensors");
  await main.verify();
  const half = await visit("float16", 2000);
  await half.read("model.safetensors");
  await half.read("other.safetensors", [0, 10]);
  const base = `${server.origin}/org/tiny`;
  const listed = await listKept(store);
  expect(listed).toEqual([
    {
      name: "org/tiny",
      revision: "float16",
      commit: half.revision,
      base,
      usedAt: 2000,
      bytes: 24_096,
      total: 29_000,
      complete: false,
    },
    {
      name: "org/tiny",
      revision: "main",
      commit: main.revision,
      base,
      usedAt: 1000,
      bytes: 20_100,
      total: 20_100,
      complete: true,
    },
  ]);
  await deleteKept(store, listed[1]);
  expect((await listKept(store)).map(({ revision }) => revision)).toEqual(["float16"]);
  expect(partKeys(store)).toHaveLength(5 + 1);
  await deleteKept(store, listed[0]);
  expect([...store.entries.keys()]).toEqual([]);
});
