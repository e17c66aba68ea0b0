import { readFileSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import { interruptible } from "../support/engine/interruptions.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";
import { twinFiles } from "../support/engine/twin.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const sessions = interruptible(nodeRuntime());
let lab: Lab;
let job = 0;
let told: unknown;
const order = { source: { kind: "folder" as const, name: "tiny", files: twinFiles(undefined) } };
const predicted = () => lab.predict(++job, "The tower is in", 3);

beforeAll(async () => {
  lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: sessions.runtime, description: "native" }),
  );
  await lab.open(++job, "http://localhost/");
  await lab.load(++job, order, () => undefined);
  const { edit } = await lab.editing.edit(
    ++job,
    editOf("rome", { layer: 1, covariance: "I" }),
    none,
  );
  await lab.edits.switchOn([edit.id]);
  held = edit.id;
  told = await predicted();
});

let held: string;
const none = () => undefined;
const fact = { prompt: "{} is in", subject: "The tower", target: "the river" };
const own = (name: string) => editors.find((editor) => editor.name === name)!;
const editOf = (editor: string, settings: object) => {
  const preset = own(editor).preset(smallConfig).settings;
  const quick = { steps: 2, contextLengths: [] };
  return {
    editor,
    facts: [fact],
    settings: { ...preset, ...quick, ...settings },
    seed: 1,
    answers: true,
  };
};
const npz = () =>
  new File([readFileSync("test/golden/numbers/tiny-gpt2/statistics.npz")], "statistics.npz");
const scored = {
  id: "1",
  prompt: fact.prompt,
  subject: fact.subject,
  targetNew: "the river",
  targetTrue: "the hill",
  paraphrases: ["Where is {}?"],
  neighbours: ["The hill is in"],
  generationPrompts: [],
};
const text = "The tower is in the river.\nThe bridge is on the hill.\n".repeat(20);
const collection = {
  layers: [0],
  text: { kind: "paste" as const, text },
  form: "lines" as const,
  date: 1,
};
const request = {
  prompt: "The tower is in",
  subject: "The tower",
  kinds: ["state" as const],
  window: 1,
  samples: 1,
  noise: { kind: "sigma" as const, factor: 3 },
  replace: false,
  seed: 1,
};

/** Every job of the worker that computes. */
const jobs: Record<string, (id: number) => Promise<unknown>> = {
  load: (id) => lab.load(id, order, none),
  predict: (id) => lab.predict(id, "The bridge is on", 3),
  trace: (id) => lab.tracing.run(id, request, none),
  rome: (id) => lab.editing.edit(id, editOf("rome", { layer: 1, covariance: "I" }), none),
  memit: async (id) => {
    await lab.statistics.add(++job, { from: npz(), layer: 1, date: 1 }, none);
    return lab.editing.edit(id, editOf("memit", { layers: [1] }), none);
  },
  compare: (id) => lab.scoring.compare(id, { scored, truthOf: "fact" }, none),
  table: (id) => lab.scoring.table(id, [fact], none),
  collect: (id) => lab.statistics.collect(id, collection, none),
  adapter: (id) => lab.edits.save(id, held, "adapter"),
};
const LOST = "A valid external Instance reference no longer exists: the device was lost";
const ends = {
  "is cancelled": (id: number) => lab.cancel(id),
  "loses its device": () => {
    throw new Error(LOST);
  },
};

test.for(Object.entries(jobs))(
  "%s, cancelled or without its device in any phase, ends with a sentence and leaves the rest as it was",
  async ([, run]) => {
    for (const [how, happens] of Object.entries(ends)) {
      const before = sessions.runs;
      await run(++job);
      const runs = sessions.runs - before;
      for (const phase of new Set([1, 2, runs >> 1, runs])) {
        if (phase < 1) continue;
        const id = ++job;
        const came = sessions.at(phase, () => happens(id));
        const outcome = await run(id).then(
          () => "done",
          (error: Error) => (error.name === "AbortError" ? "cancelled" : error.message),
        );
        sessions.at(Infinity, none);
        if (came() && how === "loses its device") {
          expect(outcome).toMatch(/^the graphics device was lost while .*(open a smaller|reload)/);
        } else expect(["done", "cancelled"]).toContain(outcome);
        await lab.edits.switchOn([held]);
        expect(await predicted()).toEqual(told);
      }
    }
  },
);
