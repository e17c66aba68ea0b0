import { Graph } from "../src/engine/graphs/Graph.ts";
import { add } from "../src/engine/graphs/ops.ts";
import { Model } from "../src/engine/Model.ts";
import { urlFiles } from "../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { trace } from "../src/methods/trace/trace.ts";
import { type Absence, contest, type Standing } from "./contest.ts";
import { blockFlops } from "./flops.ts";
import { openTransformers, type TransformersPeer } from "./transformersPeer.ts";

/** Forward passes of one checkpoint, ours beside transformers.js. */
export interface PeerReport {
  description: string;
  /** The checkpoint's shape, in words. */
  model: string;
  /** Seconds from nothing to a first answer, and the parts of it. */
  starts: { name: string; load: number; sessions: number; first: number }[];
  /** Seconds of our first trace, and what was traced. */
  trace: { seconds: number; detail: string };
  /** Largest difference of a log probability between the two. */
  difference: number;
  tables: { name: string; tokens: number; lines: (Standing | Absence)[] }[];
}

/** What is measured where. `quick` is for emulated devices. */
export interface PeerOptions {
  runtime: Runtime;
  description: string;
  /** Address of the folder that bench/export_peer.py wrote. */
  base: string;
  quick: boolean;
}

/** Log probabilities may differ by this much. */
const ALLOWED = 1e-3;

/**
 * Loads the checkpoint in both, checks that they agree, and times forward passes in turns: log-probabilities of every
 * position, and ours of the last alone, which transformers.js cannot leave at that.
 */
export async function measureForward(options: PeerOptions): Promise<PeerReport> {
  const { runtime, description, base, quick } = options;
  await warmUp(runtime);
  const clock = sessionClock(runtime);
  const ids = (length: number, vocab: number) =>
    Array.from({ length }, (_, i) => (i * 7919) % vocab);
  const theirs = await started("transformers.js", clock, {
    open: () => openTransformers(runtime, base),
    answer: (peer) => peer.logits([1, 2, 3]),
  });
  const ours = await started("Palimpsest", clock, {
    open: () => Model.load(runtime, urlFiles(new URL("peer", base).href)),
    answer: (model) => everyPosition(model, [1, 2, 3]),
  });
  clock.stop();
  const [model, peer] = [ours.value, theirs.value];
  try {
    const { layers, dModel, vocab } = model.config;
    const tables = [];
    let difference = 0;
    for (const length of quick ? [12] : [12, 64]) {
      const tokens = ids(length, vocab);
      difference = Math.max(difference, await disagreement(model, peer, tokens));
      tables.push(await raceOf(model, peer, { tokens, quick }));
    }
    return {
      description,
      model: `GPT-2 of ${layers} layers × ${dModel}, vocabulary ${vocab}`,
      starts: [ours.start, theirs.start],
      difference,
      tables,
      trace: await firstTrace(model, quick),
    };
  } finally {
    await model.dispose();
    await peer.dispose();
  }
}

/** Makes one session of nothing, so that neither side pays for compiling onnxruntime itself. */
async function warmUp({ ort, provider, device }: Runtime): Promise<void> {
  const graph = new Graph();
  const x = graph.input("x", [1]);
  const session = await ort.InferenceSession.create(graph.build({ sum: add(x, x) }).bytes, {
    executionProviders: [device ? { name: "webgpu", device } : provider],
  });
  await session.release();
}

async function everyPosition(model: Model, tokens: readonly number[]): Promise<Float32Array> {
  const readout = tokens.map((_, token) => ({ row: 0, token }));
  return (await model.run({ tokens: [tokens], readout })).readout;
}

async function lastPosition(model: Model, tokens: readonly number[]): Promise<Float32Array> {
  const readout = [{ row: 0, token: tokens.length - 1 }];
  return (await model.run({ tokens: [tokens], readout })).readout;
}

/** Opens one engine and asks it once, with the time that went into compiling sessions told apart. */
async function started<T>(
  name: string,
  clock: { seconds: number },
  { open, answer }: { open: () => Promise<T>; answer: (value: T) => Promise<unknown> },
) {
  clock.seconds = 0;
  const begin = performance.now();
  const value = await open();
  const opened = performance.now();
  await answer(value);
  const load = (opened - begin) / 1000;
  const first = (performance.now() - opened) / 1000;
  return { value, start: { name, load, sessions: clock.seconds, first } };
}

/** Adds up the time that sessions take to be made, whoever makes them. */
function sessionClock({ ort: { InferenceSession } }: Runtime) {
  // Bound, since it is put back as it was.
  const create = InferenceSession.create.bind(InferenceSession) as (
    ...rest: unknown[]
  ) => Promise<unknown>;
  const clock = {
    seconds: 0,
    stop: () => Object.assign(InferenceSession, { create }),
  };
  const timed = async (...rest: unknown[]) => {
    const begin = performance.now();
    const session = await create(...rest);
    clock.seconds += (performance.now() - begin) / 1000;
    return session;
  };
  Object.assign(InferenceSession, { create: timed });
  return clock;
}

/** The largest difference of log p; throws where the two do not compute the same model. */
async function disagreement(model: Model, peer: TransformersPeer, tokens: number[]) {
  const ours = await everyPosition(model, tokens);
  const theirs = logSoftmax(await peer.logits(tokens), model.config.vocab);
  const largest = ours.reduce((most, x, i) => Math.max(most, Math.abs(x - theirs[i])), 0);
  if (largest <= ALLOWED && ours.length === theirs.length) return largest;
  throw new Error(`log probabilities differ by ${largest} from transformers.js's`);
}

/** log p [row, vocab] of logits [row, vocab]. */
function logSoftmax(logits: Float32Array, vocab: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let begin = 0; begin < logits.length; begin += vocab) {
    const row = logits.subarray(begin, begin + vocab);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = Math.log(row.reduce((total, x) => total + Math.exp(x - most), 0)) + most;
    row.forEach((x, i) => (result[begin + i] = x - sum));
  }
  return result;
}

async function raceOf(
  model: Model,
  peer: TransformersPeer,
  { tokens, quick }: { tokens: number[]; quick: boolean },
) {
  const { config } = model;
  const flops =
    blockFlops(config, 1, tokens.length) + 2 * tokens.length * config.dModel * config.vocab;
  const lastOf = (values: Float32Array) => values.subarray(-config.vocab);
  const lines = await contest(
    {
      "Palimpsest, every position": contender(() => everyPosition(model, tokens), lastOf),
      "transformers.js, every position": contender(
        () => peer.logits(tokens),
        (logits) => logSoftmax(lastOf(logits), config.vocab),
      ),
      "Palimpsest, last position": contender(() => lastPosition(model, tokens), lastOf),
    },
    { flops, done: flops, rounds: quick ? 3 : 9, least: quick ? 0 : 0.5 },
  );
  return { name: `${tokens.length} tokens`, tokens: tokens.length, lines };
}

/** Times `work`; `shown` is what is compared, log p at the last position, and is not timed. */
function contender(
  work: () => Promise<Float32Array>,
  shown: (values: Float32Array) => Float32Array,
) {
  let last: Float32Array;
  return () =>
    Promise.resolve({
      start: async () => (last = await work()),
      finish: () => Promise.resolve(),
      result: () => Promise.resolve(shown(last)),
      dispose: () => undefined,
    });
}

/** Our first causal trace of all states, compiling included; on an emulated device of one token's. */
async function firstTrace(model: Model, quick: boolean) {
  const [prompt, subject] = ["the key is", "key"]; // a token a letter: the checkpoint has no words
  const last = model.tokenizer.encode(prompt).length - 1;
  const begin = performance.now();
  const { layers, blockTokens } = await trace(model, {
    prompt,
    subject,
    kind: "state",
    window: 1,
    samples: quick ? 1 : 10,
    noise: { kind: "sigma", factor: 3 },
    replace: false,
    seed: 1,
    ...(quick && { tokens: [last] }),
  });
  const seconds = (performance.now() - begin) / 1000;
  const tokens = quick ? "the last of 10 tokens, 1 sample" : "10 tokens, 10 samples";
  return { seconds, detail: `${layers} layers, ${tokens}, ${blockTokens} block-token evaluations` };
}
