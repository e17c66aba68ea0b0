import { beforeEach, expect, test } from "vitest";
import type { Delta } from "../../src/data/delta/delta.ts";
import { writeSafetensors } from "../../src/data/weights/safetensors.ts";
import { OtherTabs, type TabChange } from "../../src/engine/storage/OtherTabs.ts";
import { StackStore } from "../../src/engine/storage/StackStore.ts";
import { HeldEdits } from "../../workers/HeldEdits.ts";
import { memoryLocks } from "../support/engine/memoryDatabase.ts";
import { full, memoryChannels, memoryKeyed } from "../support/engine/memoryKeyed.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";

const stamp = "1f".repeat(32);
let refuse: (entries: Map<string, unknown>) => void;
let browser: ReturnType<typeof memoryKeyed>;
let channel: ReturnType<typeof memoryChannels>;
beforeEach(() => {
  refuse = () => undefined;
  browser = memoryKeyed((entries) => refuse(entries));
  channel = memoryChannels();
});

/** The edits of a worker that has opened the small model, and what it hears of other tabs. */
function tab(identity: { stamp: string; id?: string } = { stamp }, config = smallConfig) {
  const heard: TabChange[] = [];
  const tabs = new OtherTabs(channel());
  tabs.listen((change) => heard.push(change));
  const open = {
    config,
    identity: { id: "small", revision: "local", precision: "f32", ...identity },
  };
  const held = new HeldEdits(() => open, new StackStore(browser.database, undefined), tabs);
  held.modelChanged();
  return { held, heard };
}
const opened = (...given: Parameters<typeof tab>) => tab(...given).held;

function deltaOf(subject: string, layer = 1): Delta {
  return {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      model: "small",
      revision: "test",
      method: "rome",
      app: "palimpsest",
      seed: 0,
      hyperparameters: {},
      request: { prompt: "{} is in", subject, target: "Paris" },
    },
    weights: [
      {
        weight: `transformer.h.${layer}.mlp.c_proj.weight`,
        change: {
          rank: 1,
          u: Float32Array.from({ length: smallConfig.dMlp }, (_, i) => 0.1 * i),
          v: Float32Array.from({ length: smallConfig.dModel }, (_, i) => i - 3.5),
        },
        norm: 0.25,
      },
    ],
  };
}

/** Two edits, by their names. */
async function idsOfTwo(held: HeldEdits): Promise<[string, string]> {
  const [a, b] = [await held.hold(deltaOf("A")), await held.hold(deltaOf("B"))];
  return [a.id, b.id];
}
const place = (id: string, on = true) => ({ id, on, truth: "Seattle" });
const nothing = { trouble: null, added: [], removed: [] };
const idsOf = (entries: { id: string }[]) => entries.map(({ id }) => id);

test("what a reader is told of an edit is without its numbers", async () => {
  const held = await opened().hold(deltaOf("Tower"));
  expect(held).toMatchObject({
    method: "ROME",
    model: "small",
    facts: [{ subject: "Tower" }],
    weights: [{ layer: 1, norm: 0.25 }],
    relativeNorm: 0.25,
    repeatable: true,
  });
  expect(JSON.stringify(held).length).toBeLessThan(500);
});

test("edits are switched on by name, and one that is nowhere is named", async () => {
  const held = opened();
  const [a, b] = await idsOfTwo(held);
  expect(await held.switchOn([b, "nobody", a])).toEqual(["nobody"]);
  expect(held.active.map(({ provenance }) => provenance.request?.subject)).toEqual(["B", "A"]);
  held.modelChanged();
  expect(held.active).toEqual([]);
  await expect(held.find("nobody")).rejects.toThrow(/no longer there/);
});

test("an edit that is on in part is so at the next visit, and says it to runs", async () => {
  const held = opened();
  const { id } = await held.hold(deltaOf("A"));
  expect(await held.switchOn([id], [0.5])).toEqual([]);
  const digest = (await held.freeze().edits())[0].digest;
  expect(await held.freeze().edits()).toMatchObject([{ id, strength: 0.5, digest }]);
  expect(held.active[0].provenance).toMatchObject({ strength: 0.5, whole: digest });
  await held.keep([{ ...place(id), strength: 0.5 }]);
  expect((await opened().kept()).edits).toMatchObject([{ id, strength: 0.5 }]);
  await expect(held.switchOn([id], [2])).rejects.toThrow("invalid strength: 2");
});

test("an edit of another shape is refused", async () => {
  const wide = { ...smallConfig, dModel: 4 };
  await expect(opened({ stamp }, wide).hold(deltaOf("Tower"))).rejects.toThrow(
    /open the model it was made for/,
  );
});

test("another worker has what was kept, to the last bit; a removed edit stays for undo", async () => {
  const first = opened();
  const [a, b] = await idsOfTwo(first);
  expect(await first.keep([place(a), place(b)])).toEqual(nothing);
  expect(await first.keep([place(b, false)])).toEqual(nothing);

  const second = opened();
  expect(await second.switchOn([a])).toEqual([]);
  expect((await second.find(a)).weights).toEqual(deltaOf("A").weights);

  const { edits, broken } = await opened().kept();
  expect([edits.length, broken]).toEqual([1, []]);
  expect(edits[0]).toMatchObject({ id: b, on: false, truth: "Seattle" });
});

test("a model of the same name and other contents has none of them; the same contents have, whatever their name", async () => {
  const first = opened();
  const { id } = await first.hold(deltaOf("A"));
  await first.keep([place(id)]);
  const twin = opened({ stamp: "2e".repeat(32) });
  expect(await twin.kept()).toEqual({ edits: [], broken: [] });
  expect(await twin.switchOn([id])).toEqual([id]);
  expect((await opened({ stamp, id: "renamed" }).kept()).edits).toHaveLength(1);
});

test("an edit that was taken from another model says so, also at a later visit", async () => {
  const { provenance, weights } = deltaOf("A");
  const other = { ...provenance, stamp: "2e".repeat(32) };
  const first = opened();
  const view = await first.hold({ provenance: other, weights });
  expect(view.another).toMatch(/of other contents \(stamp 2e2e2e2e\)/);
  await first.keep([place(view.id)]);
  expect((await opened().kept()).edits[0].edit.another).toBe(view.another);
  expect((await first.hold(deltaOf("B"))).another).toBeUndefined();
});

test("a delta is written once, however often the stack changes", async () => {
  const written: string[] = [];
  refuse = (entries) => void written.push(...entries.keys());
  const held = opened();
  const { id } = await held.hold(deltaOf("A"));
  for (const on of [true, false, true]) await held.keep([place(id, on)]);
  expect(written.filter((key) => key.endsWith(id))).toHaveLength(1);
});

test("where the storage is full that is said, the edits stay with the worker, and are kept when there is room", async () => {
  refuse = full;
  const held = opened();
  const { id } = await held.hold(deltaOf("A"));
  expect((await held.keep([place(id)])).trouble).toMatch(
    /storage is full, so the edits are kept only until the page is closed; download them/,
  );
  expect(await held.switchOn([id])).toEqual([]);
  expect(await opened().switchOn([id])).toEqual([id]);
  // Another model comes and goes: what could not be written is still there.
  expect((await held.kept()).edits).toHaveLength(1);
  refuse = () => undefined;
  expect(await held.keep([place(id)])).toEqual(nothing);
  expect((await opened().kept()).edits).toHaveLength(1);
});

/** Keeps two edits, of which the first is then damaged. */
async function damaged(value: unknown): Promise<[string, string]> {
  const first = opened();
  const [a, b] = await idsOfTwo(first);
  await first.keep([place(a), place(b)]);
  browser.entries.set(keyOf(a), value);
  return [a, b];
}
const keyOf = (end: string) => [...browser.entries.keys()].find((name) => name.endsWith(end))!;

/** A provenance that the page would call methods of. */
const foreign = () =>
  writeSafetensors(
    { "a.u": { shape: [1, 1], data: new Float32Array(1) } },
    { format: "palimpsest.delta", version: "2", provenance: "{}", weights: "[]" },
  );

test.each<[string, unknown, RegExp]>([
  ["cut off", new Uint8Array(4), /not a safetensors file/],
  ["without a model or a method", foreign(), /the provenance in the kept edit lacks "model"/],
  ["of another kind", { delta: 5 }, /the kept edit is damaged/],
])(
  "an edit that is damaged is never on: it is listed until it is deleted, and the others come back: %s",
  async (_, value, reason) => {
    const [a, b] = await damaged(value);
    const held = opened();
    const { edits, broken } = await held.kept();
    expect([idsOf(edits), idsOf(broken)]).toEqual([[b], [a]]);
    expect(broken[0].reason).toMatch(reason);
    expect(await held.switchOn([a, b])).toEqual([a]);
    expect(held.active).toHaveLength(1);

    expect(await held.keep([place(b)])).toEqual(nothing);
    expect(idsOf((await opened().kept()).broken)).toEqual([a]);
    await held.forget(a);
    expect(keyOf(a)).toBeUndefined();
    const after = await opened().kept();
    expect([idsOf(after.edits), after.broken]).toEqual([[b], []]);
  },
);

test("an edit that does not fit the model is listed, and switches nothing off", async () => {
  const first = opened();
  const { id } = await first.hold(deltaOf("A"));
  await first.keep([place(id)]);
  const { edits, broken } = await opened({ stamp }, { ...smallConfig, dModel: 4 }).kept();
  expect(edits).toEqual([]);
  expect(broken[0].reason).toMatch(/open the model it was made for/);
});

test.each([[[{ id: 5 }]], ["nonsense"], [[null]]])(
  "where the list of the stack is damaged, %j, the edits are there, switched off",
  async (list) => {
    const first = opened();
    const { id } = await first.hold(deltaOf("A"));
    await first.keep([place(id)]);
    browser.entries.set(`list/${stamp}`, list);
    const later = opened();
    expect((await later.kept()).edits).toMatchObject([{ id, on: false }]);
    await later.keep([place(id)]);
    expect((await opened().kept()).edits).toMatchObject([{ id, on: true }]);
  },
);

test("two tabs keep what both have made, and each is told of the other's", async () => {
  const [one, two] = [tab(), tab()];
  for (const { held } of [one, two]) await held.kept();
  const a = (await one.held.hold(deltaOf("A"))).id;
  await one.held.keep([place(a)]);
  expect(two.heard).toEqual([{ kind: "edits", model: stamp }]);

  const b = (await two.held.hold(deltaOf("B"))).id;
  const answer = await two.held.keep([place(b)]);
  expect(answer.removed).toEqual([]);
  expect(answer.added).toMatchObject([{ id: a, edit: { facts: [{ subject: "A" }] } }]);
  expect(idsOf((await opened().kept()).edits)).toEqual([a, b]);

  const { added } = await one.held.keep([place(a)]);
  expect(idsOf(added)).toEqual([b]);
});

test("an edit of another tab that this one has taken can be removed here", async () => {
  const [one, two] = [opened(), opened()];
  const { id } = await two.hold(deltaOf("B"));
  await two.keep([place(id)]);
  expect(idsOf((await one.keep([])).added)).toEqual([id]);
  await one.keep([place(id, false)]); // it says that it has taken it
  expect(await one.keep([])).toEqual(nothing);
  expect((await two.keep([place(id)])).removed).toEqual([id]);
});

test("what a tab shows switched off is kept as the other has it, until it is switched here", async () => {
  const [one, two] = [opened(), opened()];
  const { id } = await one.hold(deltaOf("A"));
  await one.keep([place(id)]);
  await two.keep([]);
  await two.keep([place(id, false)]);
  expect((await opened().kept()).edits[0].on).toBe(true);
  await two.keep([place(id, true)]);
  await two.keep([place(id, false)]);
  expect((await opened().kept()).edits[0].on).toBe(false);
});

test("what another tab has removed is told, and comes back by undo", async () => {
  const [one, two] = [opened(), opened()];
  const { id } = await one.hold(deltaOf("A"));
  await one.keep([place(id)]);
  await two.kept();
  await one.keep([]);
  expect((await two.keep([place(id)])).removed).toEqual([id]);
  await two.keep([]);
  await two.keep([place(id)]);
  expect((await opened().kept()).edits).toHaveLength(1);
});

test("what no tab names any more goes when none has the model open", async () => {
  const locks = memoryLocks();
  const open = {
    config: smallConfig,
    identity: { stamp, id: "small", revision: "", precision: "" },
  };
  const visit = () => {
    const store = new StackStore(browser.database, locks);
    const held = new HeldEdits(() => open, store, new OtherTabs(channel()));
    held.modelChanged();
    return { held, leave: () => store.enter("another model") };
  };
  const first = visit();
  await first.held.kept();
  const { id } = await first.held.hold(deltaOf("A"));
  await first.held.keep([place(id)]);
  await first.held.keep([]);
  const kept = () => [...browser.entries.keys()].some((key) => key.endsWith(id));
  const second = visit();
  await second.held.kept();
  expect(kept()).toBe(true);
  for (const { leave } of [first, second]) {
    await leave();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await visit().held.kept();
  expect(kept()).toBe(false);
});
