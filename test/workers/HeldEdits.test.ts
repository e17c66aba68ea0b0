import { beforeEach, expect, test, vi } from "vitest";
import type { Delta } from "../../src/data/delta/delta.ts";
import { writeSafetensors } from "../../src/data/weights/safetensors.ts";
import { HeldEdits } from "../../workers/HeldEdits.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";

const database = vi.hoisted(() => ({ get: vi.fn(), set: vi.fn(), del: vi.fn(), keys: vi.fn() }));
vi.mock("idb-keyval", () => database);

let stored: Map<string, unknown>;
beforeEach(() => {
  stored = new Map();
  database.get.mockImplementation((key: string) => Promise.resolve(stored.get(key)));
  database.keys.mockImplementation(() => Promise.resolve([...stored.keys()]));
  database.del.mockImplementation((key: string) => Promise.resolve(stored.delete(key)));
  database.set.mockReset().mockImplementation((key: string, value: unknown) => {
    stored.set(key, value);
    return Promise.resolve();
  });
});

/** The edits of a worker that has opened the small model. */
function opened(config = smallConfig): HeldEdits {
  const held = new HeldEdits(() => config);
  held.modelChanged();
  return held;
}

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

const place = (id: string, on = true) => ({ id, on, truth: "Seattle" });

test("what a reader is told of an edit is without its numbers", () => {
  const held = opened().hold(deltaOf("Tower"));
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
  const [a, b] = ["A", "B"].map((subject) => held.hold(deltaOf(subject)).id);
  expect(await held.switchOn([b, "nobody", a])).toEqual(["nobody"]);
  expect(held.active.map(({ provenance }) => provenance.request?.subject)).toEqual(["B", "A"]);
  held.modelChanged();
  expect(held.active).toEqual([]);
  await expect(held.find("nobody")).rejects.toThrow(/no longer there/);
});

test("an edit of another shape is refused", () => {
  const wide = { ...smallConfig, dModel: 4 };
  expect(() => opened(wide).hold(deltaOf("Tower"))).toThrow(/open the model it was made for/);
});

test("another worker has what was kept, to the last bit; a removed edit stays for undo until a new visit", async () => {
  const first = opened();
  const [a, b] = ["A", "B"].map((subject) => first.hold(deltaOf(subject)).id);
  expect(await first.keep([place(a), place(b)])).toBeNull();
  expect(await first.keep([place(b, false)])).toBeNull();

  const second = opened();
  expect(await second.switchOn([a])).toEqual([]);
  expect((await second.find(a)).weights).toEqual(deltaOf("A").weights);

  const third = opened();
  const { edits, broken } = await third.kept();
  expect([edits.length, broken]).toEqual([1, []]);
  expect(edits[0]).toMatchObject({ id: b, on: false, truth: "Seattle" });
  expect(await opened().switchOn([a])).toEqual([a]);
});

test("a delta is written once, however often the stack changes", async () => {
  const held = opened();
  const { id } = held.hold(deltaOf("A"));
  for (const on of [true, false, true]) await held.keep([place(id, on)]);
  const deltas = database.set.mock.calls.filter(([key]) => String(key).endsWith(id));
  expect(deltas).toHaveLength(1);
});

test("where nothing can be stored that is said, and the edits stay with the worker", async () => {
  database.set.mockRejectedValue(new DOMException("no room", "QuotaExceededError"));
  const held = opened();
  const { id } = held.hold(deltaOf("A"));
  expect(await held.keep([place(id)])).toMatch(/storage is full/);
  expect(await held.switchOn([id])).toEqual([]);
  expect(await opened().switchOn([id])).toEqual([id]);
});

/** Keeps two edits, of which the first is then damaged. */
async function damaged(value: unknown): Promise<[string, string]> {
  const first = opened();
  const [a, b] = ["A", "B"].map((subject) => first.hold(deltaOf(subject)).id);
  await first.keep([place(a), place(b)]);
  stored.set(keyOf(a), value);
  return [a, b];
}
const keyOf = (end: string) => [...stored.keys()].find((name) => name.endsWith(end))!;
const ids = (list: { id: string }[]) => list.map(({ id }) => id);

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
    expect([ids(edits), ids(broken)]).toEqual([[b], [a]]);
    expect(broken[0].reason).toMatch(reason);
    expect(await held.switchOn([a, b])).toEqual([a]);
    expect(held.active).toHaveLength(1);

    await held.keep([place(b)]);
    expect(ids((await opened().kept()).broken)).toEqual([a]);
    await held.forget(a);
    expect(stored.has(keyOf(b))).toBe(true);
    const after = await opened().kept();
    expect([ids(after.edits), after.broken]).toEqual([[b], []]);
  },
);

test("an edit that does not fit the model is listed, and switches nothing off", async () => {
  const first = opened();
  const { id } = first.hold(deltaOf("A"));
  await first.keep([place(id)]);
  const { edits, broken } = await opened({ ...smallConfig, dModel: 4 }).kept();
  expect(edits).toEqual([]);
  expect(broken[0].reason).toMatch(/open the model it was made for/);
});

test.each([[{ id: 5 }], "nonsense", [null]])(
  "where the list of the stack is damaged, %j, the edits are there, switched off",
  async (list) => {
    const first = opened();
    const { id } = first.hold(deltaOf("A"));
    await first.keep([place(id)]);
    stored.set(keyOf("small@test"), list);
    const { edits } = await opened().kept();
    expect(edits).toMatchObject([{ id, on: false }]);
  },
);

test("of a stack of before edits had names, what is damaged is listed, and the rest comes back", async () => {
  const old = "palimpsest/1/edits/small@test";
  const { provenance, weights } = deltaOf("A");
  const layers = weights.map(({ weight, change }) => ({ weight, ...change }));
  const wrong = { provenance: { ...provenance, request: true }, layers };
  stored.set(old, [
    { on: true, truth: "", delta: wrong },
    { on: true, truth: "", delta: { provenance, layers } },
  ]);
  const held = opened();
  const { edits, broken } = await held.kept();
  expect([edits.length, broken.length]).toEqual([1, 1]);
  expect(broken[0].reason).toMatch(/"request" is true, expected an object/);
  await held.keep(edits.map(({ id, on, truth }) => ({ id, on, truth })));
  expect(stored.has(old)).toBe(false);
  expect(ids((await opened().kept()).broken)).toEqual(ids(broken));
});

test("a stack of before edits had names comes back, and is kept anew", async () => {
  const old = "palimpsest/1/edits/small@test";
  const { provenance, weights } = deltaOf("A");
  const layers = weights.map(({ weight, change, norm }) => ({ layer: 1, weight, norm, ...change }));
  stored.set(old, [
    { on: true, truth: "Seattle", delta: { provenance, layers }, relativeNorm: 0.25 },
  ]);
  const held = opened();
  const { edits } = await held.kept();
  expect(edits[0]).toMatchObject({ on: true, truth: "Seattle", edit: { relativeNorm: 0.25 } });
  await held.keep(edits.map(({ id, on, truth }) => ({ id, on, truth })));
  expect(stored.has(old)).toBe(false);
  expect((await opened().kept()).edits).toHaveLength(1);
});
