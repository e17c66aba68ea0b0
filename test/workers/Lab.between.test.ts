import { readFileSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import type { FinishedEdit, JobView } from "../../workers/protocol/protocol.ts";
import { interruptible } from "../support/engine/interruptions.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";
import { twinFiles } from "../support/engine/twin.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const sessions = interruptible(nodeRuntime());
const none = () => undefined;
let lab: Lab;
let held: string;
let job = 0;
let told: JobView[] = [];

const fact = { prompt: "{} is in", subject: "The tower", target: "the river" };
const facts = [fact, { ...fact, subject: "The bridge", target: "the hill" }];
const editOf = (editor: string, settings: object, written = facts) => ({
  editor,
  facts: written,
  settings: {
    ...editors.find(({ name }) => name === editor)!.preset(smallConfig).settings,
    steps: 3,
    contextLengths: [],
    ...settings,
  },
  seed: 1,
  answers: written.length > 1,
});
const request = {
  prompt: "The tower is in",
  subject: "The tower",
  kinds: ["mlp" as const],
  window: 1,
  samples: 2,
  noise: { kind: "sigma" as const, factor: 3 },
  replace: false,
  seed: 1,
};
const text = "The tower is in the river.\nThe bridge is on the hill.\n".repeat(20);

/** An edit without what is another each time: its name, and when it began. */
const numbersOf = ({ edit, context, ...rest }: FinishedEdit) => ({
  ...rest,
  weights: edit.weights,
  on: context.edits,
});
const traces = async (id: number) => (await lab.tracing.run(id, request, none)).traces;

/** Jobs that take long in a model of real size, with what must not depend on what goes between their steps. */
const long: Record<string, (id: number) => Promise<unknown>> = {
  table: async (id) => {
    const { context, ...found } = await lab.scoring.table(id, facts, none);
    return { ...found, on: context.edits };
  },
  collection: async (id) => {
    const order = { layers: [0], text: { kind: "paste" as const, text }, form: "lines" as const };
    const { atHand, kept } = await lab.statistics.collect(id, { ...order, date: 1 }, none);
    return { atHand, kept };
  },
  memit: async (id) =>
    numbersOf(await lab.editing.edit(id, editOf("memit", { layers: [1] }), none)),
  "rome in sequence": async (id) =>
    numbersOf(await lab.editing.edit(id, editOf("rome", { layer: 1, covariance: "I" }), none)),
  trace: traces,
};

beforeAll(async () => {
  lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: sessions.runtime, description: "native" }),
  );
  lab.followJobs((jobs) => (told = jobs));
  await lab.open(++job, "http://localhost/");
  const source = { kind: "folder" as const, name: "tiny", files: twinFiles(undefined) };
  await lab.load(++job, { source }, none);
  const npz = readFileSync("test/golden/numbers/tiny-gpt2/statistics.npz");
  const from = new File([npz], "statistics.npz");
  await lab.statistics.add(++job, { from, layer: 1, date: 1 }, none);
  const rome = editOf("rome", { layer: 1, covariance: "I" }, [fact]);
  const { edit } = await lab.editing.edit(++job, rome, none);
  held = edit.id;
  await lab.edits.switchOn([held]);
});

/** Asks for something at a session run of a job, and answers both and which came first. */
async function during<T>(
  run: (id: number) => Promise<unknown>,
  { at, ask }: { at: number; ask: () => Promise<T> },
) {
  const ends: string[] = [];
  let asked: Promise<T> | undefined;
  sessions.at(at, () => {
    asked = ask().finally(() => ends.push("answer"));
  });
  const result = await run(++job).finally(() => ends.push("job"));
  sessions.at(Infinity, none);
  return { result, answer: await asked!, first: ends[0] };
}

test.for(Object.entries(long))(
  "%s gives way to a prediction, and both answer as they would alone",
  async ([, run]) => {
    const prediction = () => lab.predict(++job, "The bridge is on", 3);
    const alone = await prediction();
    await run(++job); // what it caches is there for both runs that are compared
    const before = sessions.runs;
    const expected = await run(++job);
    const runs = sessions.runs - before;
    for (const at of new Set([1, runs >> 2, runs >> 1])) {
      if (at < 1) continue;
      const found = await during(run, { at, ask: prediction });
      expect(found).toEqual({ result: expected, answer: alone, first: "answer" });
    }
  },
);

test("a trace and a rewrite go between the facts of a table, and a prediction between theirs", async () => {
  const trace = () => traces(++job);
  const rewrite = async () => {
    const rome = editOf("rome", { layer: 1, covariance: "I" }, [fact]);
    return numbersOf(await lab.editing.edit(++job, rome, none));
  };
  const expected = await long.table(++job);
  for (const short of [trace, rewrite] as (() => Promise<unknown>)[]) {
    const alone = await short();
    const { result, answer, first } = await during(long.table, { at: 3, ask: short });
    expect(answer).toEqual(alone);
    expect(result).toEqual(expected);
    expect(first).toBe("answer");
  }
});

test("edits that are switched while facts are written are not in what is written", async () => {
  const expected = await long.memit(++job);
  const ask = () => lab.edits.switchOn([]).then(() => lab.predict(++job, "The tower is in", 3));
  const { result, answer } = await during(long.memit, { at: 4, ask });
  expect(result).toEqual(expected);
  expect(answer.after).toBeUndefined();
  await lab.edits.switchOn([held]);
});

test("a paused job holds nothing up, and ends as if it had not been", async () => {
  const expected = await long.table(++job);
  const id = ++job;
  sessions.at(3, () => lab.pause(id, true));
  const paused = long.table(id);
  await vi.waitFor(() => expect(told).toMatchObject([{ id, state: "paused", pausable: true }]));
  expect(await long.table(++job)).toEqual(expected);
  lab.pause(id, false);
  expect(await paused).toEqual(expected);
});
