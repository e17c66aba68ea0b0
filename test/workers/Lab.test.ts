import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { readNpz } from "../../src/data/archive/npz.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import type { ModelOrder, TraceEvent, TraceOrder } from "../../workers/protocol/protocol.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";
import { facts } from "../support/ui/facts.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const files = names.map((path) => ({
  path,
  file: new File([readFileSync(`test/golden/checkpoints/tiny-gpt2/${path}`)], path),
}));
const order: ModelOrder = { source: { kind: "folder", name: "tiny", files } };

/** Serves the page's facts, or nothing. */
let server: Server;
let served: object[] | undefined;
beforeEach(async () => {
  served = undefined;
  server = createServer((_, response) => {
    response.writeHead(served ? 200 : 404);
    response.end(served && JSON.stringify({ facts: served }));
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
});
afterEach(() => server.close());

let job = 0;

/** A Lab on the native provider, with the tiny model open. */
async function opened() {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  const { port } = server.address() as AddressInfo;
  await lab.open(++job, `http://localhost:${port}/`);
  const model = await lab.load(++job, order, () => undefined);
  return { lab, model };
}

const request = (subject: string): TraceOrder => ({
  prompt: `${subject} is in`,
  subject,
  kinds: ["state"],
  window: 1,
  samples: 1,
  noise: { kind: "sigma", factor: 3 },
  replace: false,
  seed: 1,
});

async function levelOf(lab: Lab, subject: string) {
  const { traces } = await lab.tracing.run(++job, request(subject), () => undefined);
  return traces[0].noiseLevel;
}

const edit = {
  editor: "rome",
  facts: [{ prompt: "{} is in", subject: "The tower", target: "the river" }],
  settings: {
    ...editors[0].preset(smallConfig).settings,
    layer: 1,
    steps: 3,
    covariance: "I",
    contextLengths: [],
  },
  seed: 1,
};

test("a model is told with every editor's preset, and its prompts with their tokens", async () => {
  const { lab, model } = await opened();
  expect(model.editors.map(({ name }) => name)).toEqual(editors.map(({ name }) => name));
  expect(lab.editorNames()).toEqual(editors.map(({ name }) => name));
  expect(model).toMatchObject({ toy: false, precision: "f32", offline: false, statistics: [] });
  const { ids, texts, subject } = lab.tokenize("The tower is in", "tower");
  expect(texts.join("")).toBe("The tower is in");
  expect(
    texts
      .slice(...subject!)
      .join("")
      .trim(),
  ).toBe("tower");
  expect(ids).toHaveLength(texts.length);
});

test("without a model nothing can be asked, and the sentence says so", () => {
  const lab = new Lab(Promise.resolve(), () => Promise.reject(new Error("no device")));
  expect(() => lab.tokenize("The tower")).toThrow("no model is loaded; open one first");
  return expect(lab.load(++job, order, () => undefined)).rejects.toThrow(/runtime is not open/);
});

test("a trace starts with its scores, then tells row by row what it answers", async () => {
  const { lab } = await opened();
  const events: TraceEvent[] = [];
  const run = await lab.tracing.run(++job, request("The tower"), (event) => events.push(event));
  const [trace] = run.traces;
  const [told0, first, ...later] = events;
  expect(told0).toEqual({ type: "run", context: run.context });
  expect(later.pop()).toEqual({ type: "done", trace });
  const rows = later;
  expect(first.type === "start" && first.start).toMatchObject({
    highScore: trace.highScore,
    lowScore: trace.lowScore,
    answer: trace.answer,
    layers: 3,
  });
  expect(rows).toHaveLength(trace.tokens.length);
  const told = rows.flatMap((event) => (event.type === "row" ? [...event.row] : []));
  expect(Float32Array.from(told)).toEqual(trace.scores);
  const said = readNpz(lab.tracing.file(trace, run.context)).run;
  expect(JSON.parse(String(said.data[0]))).toEqual(run.context);
  expect(readNpz(lab.tracing.file(trace)).scores.shape).toEqual([trace.tokens.length, 3]);
});

test("where the facts cannot be read, σ is that of each subject alone", async () => {
  const { lab } = await opened();
  await expect(lab.facts()).rejects.toThrow();
  const levels: number[] = [];
  for (const subject of ["The tower", "The river and the bridge"])
    levels.push(await levelOf(lab, subject));
  const again = await opened();
  expect(levels[1]).toBe(await levelOf(again.lab, "The river and the bridge"));
  expect(levels[1]).not.toBe(levels[0]);
});

test("with the page's facts, σ is theirs for every subject", async () => {
  const { lab } = await opened();
  served = facts;
  expect(await lab.facts()).toHaveLength(facts.length);
  const levels: number[] = [];
  for (const subject of ["The tower", "The river and the bridge"])
    levels.push(await levelOf(lab, subject));
  expect(levels[1]).toBe(levels[0]);
});

test("a worker that was started anew measures σ over the same facts, though the page asks for none", async () => {
  served = facts;
  const { lab } = await opened();
  await lab.facts();
  const { lab: again } = await opened();
  expect(await levelOf(again, "The tower")).toBe(await levelOf(lab, "The tower"));
  const { context } = await again.tracing.run(++job, request("The tower"), () => undefined);
  expect(context.sigma).toMatchObject({
    subjects: new Set(facts.map(({ subject }) => subject)).size,
    set: expect.stringMatching(/^the \d+ subjects of the example facts$/) as string,
  });
});

test("a run is of the edits that were on when it was asked for, whatever is switched meanwhile", async () => {
  const { lab, model } = await opened();
  const both: TraceOrder = { ...request("The tower"), kinds: ["state", "attn"] };
  const run = (order: TraceOrder) => lab.tracing.run(++job, order, () => undefined);
  const bare = await run(both);
  expect(bare.context).toMatchObject({ kind: "trace", model: model.identity, edits: [], seed: 1 });
  const { edit: held } = await lab.editing.edit(++job, edit, () => undefined);
  let began!: () => void;
  const started = new Promise<void>((wake) => (began = wake));
  const running = lab.tracing.run(++job, both, (event) => event.type === "row" && began());
  await started;
  await lab.edits.switchOn([held.id]);
  const during = await running;
  expect(during.context.edits).toEqual([]);
  expect(during.traces.map(({ scores }) => scores)).toEqual(
    bare.traces.map(({ scores }) => scores),
  );
  const edited = await run(both);
  expect(edited.context.edits).toEqual([
    { id: held.id, digest: held.digest, title: "ROME: The tower, the river", strength: 1 },
  ]);
  expect(edited.traces[1].scores).not.toEqual(bare.traces[1].scores);
});

test("an edit changes what is predicted while it is on, and comes back by its file", async () => {
  const { lab } = await opened();
  const prompt = "The tower is in";
  expect((await lab.predict(++job, prompt, 3)).after).toBeUndefined();
  const made = await lab.editing.edit(++job, edit, () => undefined);
  expect(await lab.edits.switchOn([made.edit.id])).toEqual([]);
  const { before, after } = await lab.predict(++job, prompt, 3);
  expect(after).not.toEqual(before);

  const file = await lab.edits.save(++job, made.edit.id, "delta");
  const taken = await lab.edits.import(++job, new File([file.bytes as BlobPart], file.name));
  const imported = taken.edit!;
  expect(imported).toMatchObject({ method: "ROME", facts: edit.facts });
  await lab.edits.switchOn([imported.id]);
  expect((await lab.predict(++job, prompt, 3)).after).toEqual(after);

  const zip = await lab.edits.save(++job, made.edit.id, "adapter");
  const adapter = await lab.edits.import(++job, new File([zip.bytes as BlobPart], zip.name));
  expect(adapter.edit?.weights).toHaveLength(1);
});

test("a model that is loaded anew has its edits still, all switched off", async () => {
  const { lab } = await opened();
  const { edit: held } = await lab.editing.edit(++job, edit, () => undefined);
  await lab.edits.switchOn([held.id]);
  await lab.load(++job, { ...order, precision: "q8" }, () => undefined);
  expect((await lab.predict(++job, "The tower is in", 3)).after).toBeUndefined();
  expect(await lab.edits.switchOn([held.id])).toEqual([]);
  expect((await lab.predict(++job, "The tower is in", 3)).after).toBeDefined();
});

test("a job that waits is cancelled by its number", async () => {
  const { lab } = await opened();
  const running = lab.predict(++job, "The tower is in", 3);
  const waiting = lab.tracing.run(++job, request("The tower"), () => undefined);
  lab.cancel(job);
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  expect((await running).before).toHaveLength(3);
});
