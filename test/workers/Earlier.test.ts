import { beforeEach, expect, test } from "vitest";
import type { Delta } from "../../src/data/delta/delta.ts";
import { writeDelta } from "../../src/data/delta/deltaFile.ts";
import { EarlierEdits } from "../../src/engine/storage/EarlierEdits.ts";
import { EarlierStates } from "../../src/engine/storage/EarlierStates.ts";
import { EarlierStatistics } from "../../src/engine/storage/EarlierStatistics.ts";
import { OtherTabs } from "../../src/engine/storage/OtherTabs.ts";
import { StackStore } from "../../src/engine/storage/StackStore.ts";
import { TileSets } from "../../src/engine/storage/TileSets.ts";
import { SymmetricTiles } from "../../src/kernels/covariance/SymmetricTiles.ts";
import type { LayerStatistics } from "../../src/methods/statistics/statistics.ts";
import { Earlier } from "../../workers/Earlier.ts";
import { HeldEdits } from "../../workers/HeldEdits.ts";
import { Queue } from "../../workers/Queue.ts";
import { memoryDatabase } from "../support/engine/memoryDatabase.ts";
import { memoryKeyed } from "../support/engine/memoryKeyed.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";
import { waveDelta } from "../support/engine/golden/weightChecks.ts";

const of = "small@test";
let old: ReturnType<typeof memoryKeyed>;
let tiles: ReturnType<typeof memoryDatabase>;
let kept: LayerStatistics[];
beforeEach(() => {
  old = memoryKeyed();
  tiles = memoryDatabase();
  kept = [];
});

const identity = { stamp: "1f".repeat(32), precision: "f32", id: "small", revision: "test" };

function opened(config = smallConfig): Earlier {
  const held = new HeldEdits(
    () => ({ config, identity }),
    new StackStore(memoryKeyed().database, undefined),
    new OtherTabs(undefined),
  );
  held.modelChanged();
  const keepStatistics = (statistics: LayerStatistics) => {
    kept.push(statistics);
    return Promise.resolve();
  };
  const host = { queue: new Queue(), held, model: () => ({ config }), keepStatistics };
  return new Earlier(host, {
    edits: new EarlierEdits(old.database),
    statistics: new EarlierStatistics(tiles.database),
    states: new EarlierStates(),
  });
}

const { dMlp, dModel } = smallConfig;
const weight = "transformer.h.1.mlp.c_proj.weight";
const delta = (): Delta => ({
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: "small",
    revision: "test",
    method: "rome",
    app: "palimpsest",
    seed: 0,
    hyperparameters: {},
  },
  weights: [waveDelta({ weight, shape: [dMlp, dModel], rank: 1, seed: 1, scale: 0.1 })],
});

const place = (id: string) => ({ id, on: true, truth: "Seattle" });

/** A stack as the last version kept it: a list, and each edit beside it. */
function keepStack(...edits: [id: string, value: unknown][]) {
  old.entries.set(
    `palimpsest/2/edits/${of}`,
    edits.map(([id]) => place(id)),
  );
  for (const [id, value] of edits) old.entries.set(`palimpsest/2/edit/${of}/${id}`, value);
}

test("what is kept under the name of a folder is listed, that of the open model's first, and not used", async () => {
  keepStack(["a", writeDelta(delta())]);
  old.entries.set("palimpsest/2/edits/another@local", [place("x"), place("y")]);
  old.entries.set("tuning v1/covariance", { choice: 1 });
  expect(await opened().list()).toEqual([
    {
      id: `palimpsest/2/edits/${of}`,
      kind: "edits",
      model: of,
      about: "one edit",
      sameName: true,
      takes: true,
    },
    {
      id: "palimpsest/2/edits/another@local",
      kind: "edits",
      model: "another@local",
      about: "2 edits",
      sameName: false,
      takes: true,
    },
  ]);
});

test("edits of the last version are taken as they were, and deleted alone", async () => {
  keepStack(["a", writeDelta(delta())]);
  old.entries.set("tuning v1/covariance", { choice: 1 });
  const earlier = opened();
  const [entry] = await earlier.list();
  const { edits, unread } = await earlier.take(1, { ...entry, date: 1 });
  expect(unread).toBe(0);
  expect(edits).toMatchObject([{ on: true, truth: "Seattle", edit: { method: "ROME" } }]);
  expect(await earlier.remove(entry)).toEqual([]);
  expect([...old.entries.keys()]).toEqual(["tuning v1/covariance"]);
});

test("a stack of before edits had names is taken; what is damaged in it is counted, and stays", async () => {
  const { provenance, weights } = delta();
  const layers = weights.map(({ weight, change }) => ({ weight, ...change }));
  const wrong = { provenance: { ...provenance, request: true }, layers };
  old.entries.set(`palimpsest/1/edits/${of}`, [
    { on: true, truth: "", delta: wrong },
    { on: false, truth: "", delta: { provenance, layers } },
  ]);
  const earlier = opened();
  const [entry] = await earlier.list();
  expect(entry.about).toBe("2 edits");
  const { edits, unread } = await earlier.take(1, { ...entry, date: 1 });
  expect([edits.length, edits[0].on, unread]).toEqual([1, false, 1]);
});

test("edits that do not fit the open model are refused, and stay", async () => {
  keepStack(["a", writeDelta(delta())]);
  const earlier = opened({ ...smallConfig, dModel: 4 });
  const [entry] = await earlier.list();
  await expect(earlier.take(1, { ...entry, date: 1 })).rejects.toThrow(/open the model/);
  expect(await earlier.list()).toHaveLength(1);
});

/** Statistics of a layer as the last version kept them. */
async function keepStatistics(n: number): Promise<string> {
  const name = `statistics/2/small/test/1/wikitext/all/all/float32`;
  const sum = SymmetricTiles.from(new Float32Array(n * n).fill(1), n);
  const key = { model: "small", revision: "test", layer: 1, corpus: "wikitext", dtype: "float32" };
  const about = { layer: 1, dMlp: n, count: 9, source: "wikitext", key, side: sum.side };
  const writer = await new TileSets(tiles.database).write(name, sum.tiles.length);
  for (const [i, tile] of sum.tiles.entries()) await writer.put(i, tile);
  await writer.commit(about);
  return name;
}

test("statistics are listed, taken for the open model, and deleted", async () => {
  const id = await keepStatistics(dMlp);
  const earlier = opened();
  const [entry] = await earlier.list();
  expect(entry).toMatchObject({
    id,
    kind: "statistics",
    model: of,
    about: "statistics of layer 1, wikitext",
    sameName: true,
    takes: true,
  });
  await earlier.take(1, { ...entry, date: 1 });
  expect(kept).toMatchObject([{ layer: 1, dMlp, count: 9, source: "wikitext" }]);
  expect(await earlier.remove(entry)).toEqual([]);
});

test("statistics of another width are refused, and stay", async () => {
  await keepStatistics(3);
  const earlier = opened();
  const [entry] = await earlier.list();
  await expect(earlier.take(1, { ...entry, date: 1 })).rejects.toThrow(/keys with 3 numbers/);
  expect(kept).toEqual([]);
  expect(await earlier.list()).toHaveLength(1);
});
