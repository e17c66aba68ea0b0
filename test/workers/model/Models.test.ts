import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { fetchModel } from "../../../workers/model/fetchModel.ts";
import type { LoadProgress, ModelRequest } from "../../../workers/protocol/modelProtocol.ts";
import { Models } from "../../../workers/model/Models.ts";
import { Queue } from "../../../workers/Queue.ts";
import { type Files, HubServer } from "../../engine/files/hubServer.ts";
import { memoryStore, partKeys } from "../../engine/files/memoryStore.ts";

const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const tiny: Files = Object.fromEntries(
  names.map((name) => [
    name,
    new Uint8Array(readFileSync(`test/golden/checkpoints/tiny-gpt2/${name}`)),
  ]),
);
const total = Object.values(tiny).reduce((sum, { length }) => sum + length, 0);
const base = "https://page.test/";

let hub: HubServer;
beforeEach(async () => {
  hub = new HubServer();
  hub.commit(tiny);
  await hub.start();
});
afterEach(() => hub.close());

const request = (): ModelRequest => ({
  source: { kind: "address", address: hub.id },
  hub: hub.origin,
});

function open(store = memoryStore()) {
  const queue = new Queue();
  const runtime = () => ({ provider: "cpu" }) as Runtime;
  return { store, queue, models: new Models({ queue, runtime, base: () => base }, store) };
}

const never = new AbortController().signal;

/** Fetches as a load does. */
async function fetched(store = memoryStore(), signal?: AbortSignal, asked = request()) {
  const reports: LoadProgress[] = [];
  const report = (progress: LoadProgress) => reports.push(progress);
  return {
    reports,
    ...(await fetchModel(asked, base, { store, signal: signal ?? never, report })),
  };
}

test("a plan reads no weights and keeps nothing", async () => {
  const { store, models } = open();
  const plan = await models.plan(1, request());
  expect(plan).toMatchObject({ bytes: total, kept: 0, offline: false, stored: "float" });
  expect(plan.files.map(({ path }) => path)).toEqual(names);
  expect(plan.from).toBe(new URL(hub.origin).host);
  expect(plan.parameters).toBeGreaterThan(1000);
  expect(hub.requests.filter((asked) => asked.includes("safetensors"))).toEqual([]);
  expect(store.entries.size).toBe(0);
  expect((await models.kept()).models).toEqual([]);
  const rows = await models.memory({ config: plan.config, files: plan.files, work: "trace" });
  expect(rows.map(({ precision }) => precision)).toEqual(["f32", "f16", "q8", "q4"]);
  for (const { need } of rows) {
    const { weights, statistics, activations, scratch } = need;
    expect(need.total).toBe(weights + statistics + activations + scratch);
  }
  expect(rows[3].need.weights).toBeLessThan(rows[0].need.weights / 2);
});

test("what a folder lacks is named by its plan, before anything is opened", async () => {
  const { models } = open();
  const folder = (without: string): ModelRequest => ({
    source: {
      kind: "folder",
      name: "mine",
      files: Object.entries(tiny)
        .filter(([path]) => path !== without)
        .map(([path, bytes]) => ({
          path: `mine/${path}`,
          file: new File([bytes as Uint8Array<ArrayBuffer>], path),
        })),
    },
  });
  expect((await models.plan(1, folder(""))).missing).toEqual([]);
  expect((await models.plan(2, folder("tokenizer.json"))).missing).toEqual(["tokenizer.json"]);
  await expect(models.plan(3, folder("config.json"))).rejects.toThrow(
    "there is no model in the folder mine: config.json is not among its files; choose the folder that holds it",
  );
});

test("what was fetched is kept, planned with, opened without the server, and deleted", async () => {
  const { store, models } = open();
  const { reports } = await fetched(store);
  expect(reports.at(-1)).toMatchObject({ stage: "checking", done: total, total });
  const [kept] = (await models.kept()).models;
  expect(kept).toMatchObject({ name: hub.id, revision: "main", bytes: total, complete: true });
  const asked = { ...request(), source: kept.source };
  hub.close();
  expect(await models.plan(1, asked)).toMatchObject({
    offline: true,
    bytes: total,
    kept: total,
  });
  const again = await fetched(store, never, asked);
  expect(again.files.offline).toBe(true);
  expect(await again.files.read("model.safetensors")).toEqual(tiny["model.safetensors"]);
  expect((await models.remove(kept)).models).toEqual([]);
  expect(partKeys(store)).toEqual([]);
});

test("where the store is full, files are fetched as they are read, and that is reported", async () => {
  const { files, report, reports } = await fetched(memoryStore({ room: 2 }));
  report({ stage: "converting", done: 1, total: 2 });
  await files.read("model.safetensors");
  await files.verify?.();
  report({ stage: "converting", done: 2, total: 2 });
  const converting = reports.filter(({ stage }) => stage === "converting");
  expect(converting.at(-1)).toEqual({ stage: "converting", done: 2, total: 2 });
  expect(reports[0].stage).toBe("downloading");
});

test("a download that is cancelled ends at once", async () => {
  hub.fault = (url) =>
    url.startsWith("/cdn/") ? { kind: "slow", milliseconds: 20_000 } : undefined;
  const store = memoryStore();
  const stop = new AbortController();
  const fetching = fetched(store, stop.signal);
  await expect.poll(() => partKeys(store).length).toBe(3);
  stop.abort();
  await expect(fetching).rejects.toMatchObject({ name: "AbortError" });
  expect(partKeys(store)).toHaveLength(3);
});

test("a model of another architecture, and a wrong id, are refused by name", async () => {
  const { models } = open();
  const source = { kind: "address" as const, address: "no id at all" };
  await expect(models.plan(1, { source })).rejects.toThrow(/^invalid model: no id at all/);
  hub.commit({ ...tiny, "config.json": new TextEncoder().encode('{"model_type":"llama"}') });
  await expect(models.plan(2, request())).rejects.toThrow(
    "unknown architecture: llama (supported: gpt2, gptj, gpt_neox)",
  );
});

test("where a model would come from is said before anything is asked there", () => {
  const { models } = open();
  const place = (address: string, mirror?: string, revision?: string) =>
    models.place({ source: { kind: "address", address, revision }, hub: mirror });
  const xl = "openai-community/gpt2-xl";
  expect(place(xl)).toEqual({
    url: `https://huggingface.co/${xl}`,
    host: "huggingface.co",
    own: false,
    mirror: false,
  });
  expect(place(xl, "https://mirror.example", "v1")).toEqual({
    url: `https://mirror.example/${xl}/tree/v1`,
    host: "mirror.example",
    own: false,
    mirror: true,
  });
  // The Hub's own page of a model is looked up at the mirror too.
  expect(place(`https://huggingface.co/${xl}`, "https://mirror.example")).toMatchObject({
    host: "mirror.example",
    mirror: true,
  });
  expect(place("/models/mine")).toMatchObject({ host: "page.test", own: true, mirror: false });
  // What looks like the page's own path, or another name, is where it leads.
  expect(place("//x.example/m")).toMatchObject({ host: "x.example", own: false });
  expect(place("/\\x.example/m")).toMatchObject({ host: "x.example", own: false });
  expect(place("https://page.test@x.example/m")).toMatchObject({ host: "x.example", own: false });
  expect(place("https://huggingfаce.co/a/b")).toMatchObject({ host: "xn--huggingfce-6qi.co" });
  for (const wrong of ["javascript:alert(1)", "https://", "a/b/c", ""])
    expect(() => place(wrong)).toThrow(/^invalid (model|address): /);
  expect(hub.requests).toEqual([]);
});
