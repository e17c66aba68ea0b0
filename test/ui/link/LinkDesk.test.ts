import { expect, test, vi } from "vitest";
import type { Delta } from "../../../src/data/delta/delta.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { LinkDesk } from "../../../src/ui/link/LinkDesk.svelte.ts";
import { RunsDesk } from "../../../src/ui/runs/RunsDesk.svelte.ts";
import type { Edit } from "../../../src/ui/edit/EditStack.svelte.ts";
import type { PartialView } from "../../../src/ui/viewHash.ts";
import { RunShelf } from "../../../src/engine/storage/RunShelf.ts";
import { Runs } from "../../../workers/runs/Runs.ts";
import type { HeldEdit, ModelView } from "../../../workers/protocol/protocol.ts";
import { memoryKeyed } from "../../support/engine/memoryKeyed.ts";
import { context, delta, trace } from "../../support/runs.ts";

const stamp = context().model.stamp;
const large: Delta = {
  ...delta,
  weights: [
    {
      ...delta.weights[0],
      change: { rank: 2, u: Float32Array.of(1, 2, 3, 4), v: Float32Array.of(1, 0, 0, 1) },
    },
  ],
};

const heldOf = async (of: Delta, id: string): Promise<HeldEdit> => ({
  id,
  digest: await deltaDigest(of),
  method: "Toy",
  model: "tiny",
  facts: [of.provenance.request!],
  weights: [],
  relativeNorm: 0.5,
  repeatable: false,
});

/** A page of a browser: its history, its stack and its links. */
function browser() {
  const deltas = new Map<string, Delta>();
  const held = {
    find: (id: string) => Promise.resolve(deltas.get(id)!),
    hold: (taken: Delta) => {
      const id = `held ${deltas.size}`;
      deltas.set(id, taken);
      return heldOf(taken, id);
    },
  };
  const lab = new Runs(
    { held, changed: () => undefined },
    new RunShelf({ database: memoryKeyed().database }),
  );
  const seen: string[] = [];
  const again: string[] = [];
  const state = { stack: [] as Edit[], clipboard: "" };
  const runs = new RunsDesk({
    lab: () => lab,
    notify: vi.fn(),
    kept: vi.fn(),
    traces: ({ context }) => void seen.push(context.fact!.subject),
    scores: vi.fn(),
  });
  vi.stubGlobal("navigator", {
    clipboard: { writeText: (text: string) => Promise.resolve(void (state.clipboard = text)) },
  });
  const link = new LinkDesk({
    lab: () => lab,
    model: () => ({ identity: context().model }) as ModelView,
    edits: () => state.stack,
    switchTo: (edits, named) => {
      state.stack = [
        ...state.stack,
        ...edits.map((edit) => ({ ...edit, on: true, truth: "", strength: 1 })),
      ].map((edit) => ({ ...edit, on: named.some(({ digest }) => digest === edit.digest) }));
      return Promise.resolve();
    },
    read: async (file) => ({
      edit: await held.hold(file.name.startsWith("large") ? large : delta),
    }),
    show: (id) => runs.show(id),
    shown: () => (runs.shown.trace ? [{ kind: "trace", id: runs.shown.trace }] : []),
    run: (kind) => Promise.resolve(void again.push(kind)),
  });
  const stand = async (of: Delta, { on = true, strength = 1 } = {}) => {
    state.stack = [...state.stack, { ...(await held.hold(of)), on, truth: "", strength }];
  };
  const copied = async () => {
    await link.copy((more) => JSON.stringify({ ...link.view("fact"), ...more }));
    return JSON.parse(state.clipboard) as PartialView;
  };
  const open = async (view: PartialView, ours = false) => {
    link.arrive(view, ours);
    await link.settle();
  };
  return { link, runs, lab, state, seen, again, stand, copied, open };
}

const traced = { context: context(), traces: [trace()] };

test("a link shows the results that the browser keeps, and says which it does not", async () => {
  const here = browser();
  await here.runs.traced(traced);
  const view = await here.copied();
  expect(here.link.said).toBe(
    "The link is copied, with the form and the results for who has them.",
  );
  here.runs.clear();
  await here.open(view);
  expect(here.seen).toEqual(["The tower"]);
  expect(here.link.missing).toEqual([]);

  const elsewhere = browser();
  await elsewhere.open(view);
  expect(elsewhere.seen).toEqual([]);
  expect(elsewhere.link.missingWords).toBe("the trace");
  await elsewhere.link.run();
  expect(elsewhere.again).toEqual(["trace"]);
  expect(elsewhere.link.missing).toEqual([]);
});

test("an edit of one direction is in the link; it is switched on when the reader says so, and not before", async () => {
  const here = browser();
  await here.stand(delta);
  const view = await here.copied();
  const elsewhere = browser();
  await elsewhere.stand(large);
  await elsewhere.open(view);
  expect(elsewhere.link.wanted).toMatchObject([
    { from: "link", file: "toy-the-tower-the-river.safetensors" },
  ]);
  expect(elsewhere.link.view("fact").edits).toBe(view.edits);
  expect(elsewhere.state.stack.map(({ on }) => on)).toEqual([true]);
  await elsewhere.link.accept();
  expect(elsewhere.link.wanted).toEqual([]);
  expect(elsewhere.state.stack.map(({ on, digest }) => [on, digest])).toEqual([
    [false, await deltaDigest(large)],
    [true, await deltaDigest(delta)],
  ]);
  // Where the same edits are on nothing is asked; at another strength they are others.
  await elsewhere.open(view);
  expect(elsewhere.link.wanted).toEqual([]);
  const half = browser();
  await half.stand(delta, { strength: 0.5 });
  await elsewhere.open(await half.copied());
  expect(elsewhere.link.wanted).toMatchObject([{ from: "stack", strength: 0.5 }]);
});

test("a larger edit is a file beside the link, which is asked for by its name", async () => {
  const here = browser();
  await here.stand(large);
  const view = await here.copied();
  expect(here.link.beside).toMatchObject([{ file: "toy-the-tower-the-river.safetensors" }]);
  const elsewhere = browser();
  await elsewhere.open(view);
  expect(elsewhere.link.files).toEqual(["toy-the-tower-the-river.safetensors"]);
  await elsewhere.link.give(new File(["…"], "other.safetensors"));
  expect(elsewhere.link.problem).toContain("other.safetensors is another edit than those");
  expect(elsewhere.state.stack).toEqual([]);
  await elsewhere.link.give(new File(["…"], "large.safetensors"));
  expect(elsewhere.state.stack.map(({ on }) => on)).toEqual([true]);
  // A run that was kept with the edit has it too.
  const there = browser();
  await there.lab.take(await fileWith(large));
  await there.open(view);
  expect(there.link.wanted).toMatchObject([{ from: "history" }]);
  await there.link.accept();
  expect(there.state.stack).toHaveLength(1);
});

test("a page of before asks nothing; a link of another model says so; a damaged one is a sentence", async () => {
  const here = browser();
  await here.stand(delta);
  const view = await here.copied();
  const elsewhere = browser();
  await elsewhere.open(view, true);
  expect(elsewhere.link.wanted).toEqual([]);
  await elsewhere.open({ ...view, stamp: "f".repeat(16) });
  expect(elsewhere.link.another).toBe(true);
  await elsewhere.open({ ...view, stamp: stamp.slice(0, 16) });
  expect(elsewhere.link.another).toBe(false);
  elsewhere.link.dismiss();
  const [digest, file, packed] = view.edits!.split(":");
  await elsewhere.open({ edits: [digest.replace(/^./, "0"), file, packed].join(":") });
  await elsewhere.link.accept();
  expect(elsewhere.link.problem).toMatch(/another than the link says|damaged/);
  expect(elsewhere.state.stack).toEqual([]);
  await elsewhere.open({ edits: "<script>" });
  expect(elsewhere.link.problem).toContain("the edits of the link are damaged");
});

async function fileWith(of: Delta): Promise<File> {
  const { writeRuns } = await import("../../../src/data/run/runsZip.ts");
  const { writeDelta } = await import("../../../src/data/delta/deltaFile.ts");
  const { aTrace } = await import("../../support/runs.ts");
  const digest = await deltaDigest(of);
  const edits = [{ id: "a", title: "Toy", digest, strength: 1 }];
  const bytes = writeRuns({
    runs: [aTrace({ edits })],
    edits: new Map([[digest, writeDelta(of)]]),
  });
  return new File([bytes as BlobPart], "runs.zip");
}
