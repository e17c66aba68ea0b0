import { expect, test, vi } from "vitest";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { readZip } from "../../../src/data/archive/zip.ts";
import { RunShelf } from "../../../src/engine/storage/RunShelf.ts";
import { Runs } from "../../../workers/runs/Runs.ts";
import type { HeldEdit } from "../../../workers/protocol/protocol.ts";
import { memoryKeyed } from "../../support/engine/memoryKeyed.ts";
import { aScore, aTrace, context, delta } from "../../support/runs.ts";

/** A history, and another tab's over the same database. */
function histories(most?: number) {
  const { database, entries } = memoryKeyed();
  const changed = vi.fn();
  const held = {
    find: (id: string) =>
      id === "a" ? Promise.resolve(delta) : Promise.reject(new Error("no longer there")),
    hold: vi.fn(() => Promise.resolve({ id: "taken" } as HeldEdit)),
  };
  const open = () =>
    new Runs(
      { held, changed },
      new RunShelf(most === undefined ? { database } : { database, most }),
    );
  return { here: open(), there: open(), entries, changed, held };
}

const on = async () => ({ id: "a", title: "Toy", digest: await deltaDigest(delta), strength: 1 });
const finished = ({ context, result } = aTrace()) => ({ context, result });
const begun = (hour: number) => finished({ ...aTrace({ begun: `2026-11-21T${hour}:00:00.000Z` }) });

test("a run is kept for other tabs and visits, the last first, with its numbers and its edits", async () => {
  const { here, there, changed, held } = histories();
  await here.keep(begun(10));
  const edits = [await on()];
  const { head, trouble } = await here.keep({
    ...finished(),
    context: context({ edits, begun: "2026-11-21T11:00:00.000Z" }),
  });
  expect(trouble).toBeNull();
  expect(changed).toHaveBeenCalledTimes(2);
  const list = await there.list();
  expect(list.map(({ begun, on }) => [begun.slice(11, 13), on])).toEqual([
    ["11", 1],
    ["10", 0],
  ]);
  expect(list[0]).toEqual(head);
  expect(head).toMatchObject({ kind: "trace", title: "The tower → river", model: "tiny" });
  const { result } = await there.open(head.id);
  expect(result).toEqual(aTrace().result);
  expect(await there.edit((await on()).digest)).toEqual({ id: "taken" });
  expect(held.hold).toHaveBeenCalledWith(expect.objectContaining({ weights: delta.weights }));
  expect(await there.edit("f".repeat(64))).toBeUndefined();
});

test("a run is named, pinned and deleted; an edit goes with the last run that stands on it", async () => {
  const { here, there, entries } = histories();
  const edits = [await on()];
  const first = (await here.keep({ ...finished(), context: context({ edits }) })).head;
  const second = (await here.keep({ ...finished(), context: context({ edits }) })).head;
  await there.note(first.id, { name: "before" });
  await there.note(first.id, { pinned: true });
  expect(await here.open(first.id)).toMatchObject({ name: "before", pinned: true });
  const kept = () => [...entries.keys()].filter((key) => key.startsWith("edit/")).length;
  await here.remove([first.id]);
  expect(kept()).toBe(1);
  await here.remove([second.id]);
  expect([kept(), entries.size]).toEqual([0, 0]);
  await expect(here.open(first.id)).rejects.toThrow("no longer kept in this browser");
});

test("beyond the bound the oldest go, and none that is pinned", async () => {
  const { here } = histories(3000);
  const { head } = await here.keep(begun(10));
  await here.note(head.id, { pinned: true });
  for (const hour of [11, 12, 13, 14]) await here.keep(begun(hour));
  const list = await here.list();
  expect(list.length).toBeLessThan(5);
  expect(list[0].begun).toContain("T14");
  expect(list.at(-1)!.id).toBe(head.id);
});

test("a zip of runs is taken elsewhere, once", async () => {
  const { here } = histories();
  const elsewhere = histories().here;
  const edits = [await on()];
  const { head } = await here.keep({ ...finished(), context: context({ edits }) });
  await here.keep(finished(aScore()));
  await here.note(head.id, { name: "mine" });
  const ids = (await here.list()).map(({ id }) => id);
  const { bytes, name } = await here.save(ids);
  expect([...readZip(bytes).keys()]).toContain("runs.json");
  const file = new File([bytes as BlobPart], name);
  expect(await elsewhere.take(file)).toEqual({ ids, added: 2, refused: [], trouble: null });
  expect(await elsewhere.open(head.id)).toEqual(await here.open(head.id));
  expect(await elsewhere.edit(edits[0].digest)).toBeDefined();
  expect((await elsewhere.take(file)).added).toBe(0);
  expect(await elsewhere.kept([...ids, "nowhere"])).toEqual(ids);
});

test("where the browser keeps nothing the page holds the runs, and says so", async () => {
  const { database } = memoryKeyed(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const held = { find: () => Promise.resolve(delta), hold: () => Promise.resolve({} as HeldEdit) };
  const runs = new Runs({ held, changed: () => undefined }, new RunShelf({ database }));
  const { head, trouble } = await runs.keep(finished());
  expect(trouble).toContain("storage is full, so runs are kept only until the page is closed");
  expect((await runs.list()).map(({ id }) => id)).toEqual([head.id]);
  expect((await runs.open(head.id)).result).toEqual(aTrace().result);
});
