import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../../src/engine/Model.ts";
import { sigma } from "../../../src/methods/trace/sigma.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import type { TraceRequest } from "../../../src/data/trace/TraceRequest.ts";
import type { TraceStart } from "../../../src/data/trace/Trace.ts";
import { goldenNumbers, type GoldenTraces } from "../../support/golden.ts";
import { tinyModel, tinyNames, type TinyName } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const golden = Object.fromEntries(
  await Promise.all(
    tinyNames.map(async (name) => [name, await goldenNumbers<GoldenTraces>(name, "trace.json")]),
  ),
) as Record<TinyName, GoldenTraces>;

describe.each(tinyNames)("%s against float64", (name) => {
  let model: Model;
  beforeAll(async () => {
    model = await tinyModel(name);
  });

  test("σ over several subjects", async () => {
    expect([await sigma(model, golden[name].sigmaSubjects)]).toBeAllclose([golden[name].sigma]);
  });

  test.each(Object.entries(golden[name].traces))("%s", async (_, expected) => {
    const found = await trace(model, expected.request, { sigma: golden[name].sigma });
    expect(found).toMatchObject({
      tokenIds: expected.tokenIds,
      subjectRange: expected.subjectRange,
      answer: expected.answer,
      answerIds: expected.answerIds,
      correctPrediction: expected.correctPrediction,
    });
    expect([found.noiseLevel]).toBeAllclose([expected.noiseLevel], { rtol: 1e-6 });
    const scores = (t: { highScore: number; lowScore: number }) => [t.highScore, t.lowScore];
    expect(scores(found)).toBeAllclose(scores(expected), { rtol: 0, atol: 1e-4 });
    expect(found.scores).toBeAllclose(expected.scores.flat(), { rtol: 0, atol: 1e-4 });
  });
});

describe("one model", () => {
  let model: Model;
  const expected = golden["tiny-gpt2"].traces.state;
  const request = expected.request;
  const options = { sigma: golden["tiny-gpt2"].sigma };
  beforeAll(async () => {
    model = await tinyModel("tiny-gpt2");
  });

  test("the authors' low score with replaced embeddings adds its noise (METHODS 2.4 [Q])", async () => {
    const replaced = golden["tiny-gpt2"].traces.replace;
    const parity = { ...replaced.request, baseline: "parity" as const };
    const found = await trace(model, parity, options);
    expect([found.lowScore]).toBeAllclose([replaced.lowScoreAdded], { rtol: 0, atol: 1e-4 });
    expect(found.scores).toBeAllclose(replaced.scores.flat(), { rtol: 0, atol: 1e-4 });
  });

  test("restoring the last block's state at the last token gives the clean probability", async () => {
    const { scores, highScore } = await trace(model, request, options);
    expect(scores.slice(-1)).toBeAllclose([highScore], { rtol: 1e-5 });
  });

  test("rows come once each, top to bottom, after the start", async () => {
    const events: (number | TraceStart)[] = [];
    const rows = new Map<number, Float32Array>();
    const found = await trace(model, request, {
      ...options,
      onStart: (start) => events.push(start),
      onRow(token, row) {
        events.push(token);
        rows.set(token, row);
      },
    });
    expect(events[0]).toMatchObject({ highScore: found.highScore, lowScore: found.lowScore });
    expect(events.slice(1)).toEqual(found.tokenIds.map((_, token) => token));
    const joined = found.tokenIds.flatMap((_, token) => [...rows.get(token)!]);
    expect(joined).toEqual([...found.scores]);
  });

  test("a subset of tokens has the same scores, and the rest are NaN", async () => {
    const all = await trace(model, request, options);
    const [first, last] = [all.subjectRange[1] - 1, all.tokenIds.length - 1];
    const some = await trace(model, { ...request, tokens: [last, 0, first] }, options);
    const row = (scores: Float32Array, t: number) => scores.slice(3 * t, 3 * t + 3);
    for (const token of [0, first, last]) {
      expect(row(some.scores, token)).toBeAllclose(row(all.scores, token), { rtol: 1e-5 });
    }
    expect([...some.scores].filter(Number.isNaN)).toHaveLength(3 * (last + 1 - 3));
    expect(some.blockTokens).toBeLessThan(all.blockTokens);
  });

  test("tokens before the subject are the low score and cost nothing", async () => {
    const begin = expected.subjectRange[0];
    const run = (tokens: number[]) => trace(model, { ...request, tokens }, options);
    const before = await run(Array.from({ length: begin }, (_, t) => t));
    const none = await run([]);
    expect(before.blockTokens).toBe(none.blockTokens);
    expect([...before.scores.slice(0, 3 * begin)]).toEqual(
      Array.from({ length: 3 * begin }, () => Math.fround(before.lowScore)),
    );
  });

  test("a prompt with {} is the prompt with its subject", async () => {
    const prompt = request.prompt.replace(request.subject, "{}");
    const found = await trace(model, { ...request, prompt }, options);
    expect(found.scores).toBeAllclose(expected.scores.flat(), { rtol: 0, atol: 1e-4 });
  });

  test("no noise leaves nothing to restore", async () => {
    const quiet = { ...request, noise: { kind: "level", level: 0 } as const };
    const { scores, highScore } = await trace(model, quiet, options);
    expect(scores).toBeAllclose(new Float32Array(scores.length).fill(highScore), { rtol: 1e-4 });
  });

  test("without σ it is measured on the subject", async () => {
    const own = await sigma(model, [request.subject]);
    expect([(await trace(model, { ...request, tokens: [] })).noiseLevel]).toBeAllclose([3 * own]);
  });

  test("an aborted trace stops, and leaves no tensor behind", async () => {
    const tensors = model.ledger.tensors;
    const controller = new AbortController();
    const onRow = () => controller.abort();
    const traced = trace(model, request, { ...options, onRow, signal: controller.signal });
    await expect(traced).rejects.toThrow(/abort/i);
    expect(model.ledger.tensors).toBe(tensors);
  });

  test("a finished trace leaves no tensor behind", async () => {
    const tensors = model.ledger.tensors;
    await trace(model, { ...request, kind: "mlp", window: 3 }, options);
    expect(model.ledger.tensors).toBe(tensors);
  });

  const long = "The Harbour Lamp is in ".repeat(12);
  test.each<[string, Partial<TraceRequest>, string]>([
    ["a subject that is not there", { subject: "Paris" }, "is not in the prompt"],
    ["a subject twice", { prompt: "Veen or Veen is", subject: "Veen" }, "in the prompt 2 times"],
    ["an empty prompt", { prompt: "" }, "the prompt is empty"],
    ["a prompt beyond the context", { prompt: long, occurrence: 0 }, "the prompt is too long"],
    ["an empty target", { target: " " }, "the target is empty"],
    ["no samples", { samples: 0 }, "invalid samples: 0"],
    ["a window of nothing", { window: 0, kind: "mlp" }, "invalid window: 0"],
    ["a token out of range", { tokens: [99] }, "invalid token: 99 (this prompt has 0–"],
    ["negative noise", { noise: { kind: "level", level: -1 } }, "invalid noise: -1"],
  ])("refuses %s", async (_, change, message) => {
    await expect(trace(model, { ...request, ...change }, options)).rejects.toThrow(message);
  });
});
