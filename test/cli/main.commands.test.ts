import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { readDelta } from "../../src/data/delta/deltaFile.ts";
import type { Case } from "../../src/data/facts/facts.ts";
import { readNpz } from "../../src/data/archive/npz.ts";
import {
  goldenFile,
  goldenNumbers,
  type GoldenEdit,
  type GoldenTraces,
} from "../support/golden.ts";
import { tinyNames } from "../support/methods/tiny.ts";
import { call, callJson, folderTest as test, golden } from "../support/call.ts";

const npz = async (path: string) => readNpz(new Uint8Array(await readFile(path)));

describe.for(tinyNames)("%s", (name) => {
  const model = ["--model", golden(name)];
  let edits: Record<string, GoldenEdit>;
  beforeAll(async () => {
    edits = await goldenNumbers(name, "rome.json");
  });

  test("trace gives the golden scores, in all three files", async ({ folder }) => {
    const { traces } = await goldenNumbers<GoldenTraces>(name, "trace.json");
    const { request, sigma, scores, lowScore, highScore, subjectRange } = traces.state;
    const out = (ending: string) => ["--out", join(folder, `trace.${ending}`)];
    const args = ["--prompt", request.prompt, "--subject", request.subject, "--sigma", `${sigma}`];
    const found = await callJson<{ scores: number[][] }>("trace", ...model, ...args, ...out("npz"));
    expect(found.scores.flat()).toBeAllclose(scores.flat(), { atol: 1e-4, rtol: 0 });
    const arrays = await npz(join(folder, "trace.npz"));
    expect(arrays.scores.data as Float32Array).toBeAllclose(scores.flat(), { atol: 1e-4, rtol: 0 });
    expect(arrays.low_score.data[0]).toBeCloseTo(lowScore, 4);
    expect(arrays.high_score.data[0]).toBeCloseTo(highScore, 4);
    expect(Array.from(arrays.subject_range.data as BigInt64Array, Number)).toEqual(subjectRange);
    await call("trace", ...model, ...args, ...out("json"));
    const json: unknown = JSON.parse(await readFile(join(folder, "trace.json"), "utf8"));
    expect(json).toEqual(found);
    await call("trace", ...model, ...args, ...out("csv"));
    const [header, ...lines] = (await readFile(join(folder, "trace.csv"), "utf8")).split("\r\n");
    expect(header).toBe("token,subject,layer 0,layer 1,layer 2");
    expect(lines).toHaveLength(scores.length + 1);
  });

  test("{} in the prompt stands for the subject", async () => {
    const { request } = edits["subject in the middle, two-token target"];
    const { prompt, subject } = request;
    const how = ["--subject", subject, "--noise", "0.5", "--samples", "2"];
    const written = prompt.replace("{}", subject);
    const [template, complete] = await Promise.all(
      [prompt, written].map((text) =>
        callJson<{ scores: number[][] }>("trace", ...model, "--prompt", text, ...how),
      ),
    );
    expect(template.scores).toEqual(complete.scores);
    const predict = (...args: string[]) =>
      callJson<{ predictions: unknown }>("predict", ...model, "--prompt", ...args);
    const { predictions } = await predict(prompt, "--subject", subject);
    expect(predictions).toEqual((await predict(written)).predictions);
  });

  test("stats gives the golden statistics", async ({ folder }) => {
    const out = join(folder, "stats.npz");
    const text = join(golden(".."), "corpus.txt");
    const args = ["--layer", "1", "--text", text, "--out", out];
    const said = await callJson<{ count: number }>("stats", ...model, ...args);
    const found = await npz(out);
    const expected = readNpz(await goldenFile(`numbers/${name}/statistics.npz`));
    expect(found["mom2.count"].data).toEqual(expected["mom2.count"].data);
    expect(BigInt(said.count)).toBe(expected["mom2.count"].data[0]);
    const sum = expected["mom2.mom2"].data as Float32Array;
    expect(found["mom2.mom2"].data as Float32Array).toBeAllclose(sum, { rtol: 1e-4, atol: 1e-3 });
  });

  test("edit gives the golden vectors, a delta and an adapter that all do the same", async ({
    folder,
  }) => {
    const title = "subject in the middle, two-token target";
    const { request, hyperparameters, contexts, ...expected } = edits[title];
    const file = (path: string) => join(folder, path);
    await writeFile(file("contexts.json"), JSON.stringify(contexts));
    const fact = ["--prompt", request.prompt, "--subject", request.subject];
    const args = [...fact, "--target", request.target, "--layer", `${hyperparameters.layer}`];
    const stats = join(golden(name), "../../numbers", name, "statistics.npz");
    const files = [
      "--out",
      file("d.safetensors"),
      "--peft",
      file("peft"),
      "--report",
      file("r.npz"),
    ];
    const told = await callJson<{ before: number; after: number; steps: unknown[] }>(
      ...["edit", "--method", "rome", ...model, ...args, "--clamp", `${hyperparameters.clamp}`],
      ...["--stats", stats, "--contexts", file("contexts.json"), ...files],
    );
    const report = await npz(file("r.npz"));
    const close = { rtol: 1e-3, atol: 1e-3 };
    expect(report.u.data as Float32Array).toBeAllclose(expected.u, close);
    expect(report.v.data as Float32Array).toBeAllclose(expected.v, { rtol: 1e-2, atol: 1e-2 });
    expect(report.v_star.data as Float32Array).toBeAllclose(expected.vStar, close);
    const losses = expected.steps.map(({ loss }) => loss);
    expect(report.loss.data as Float64Array).toBeAllclose(losses, close);
    expect(told.steps).toHaveLength(losses.length);
    expect(told.before).toBeCloseTo(expected.probabilityBefore, 4);
    expect(told.after).toBeCloseTo(expected.probabilityAfter, 4);

    const delta = readDelta(new Uint8Array(await readFile(file("d.safetensors"))));
    expect(delta.provenance.request).toEqual(request);
    const predict = (path: string) =>
      callJson<{ predictions: { id: number; probability: number }[] }>(
        ...["predict", ...model, ...fact, "--delta", file(path)],
      );
    const [byDelta, byAdapter] = [await predict("d.safetensors"), await predict("peft")];
    expect(byAdapter.predictions.map(({ id }) => id)).toEqual(
      byDelta.predictions.map(({ id }) => id),
    );
    expect(byAdapter.predictions.map(({ probability }) => probability)).toBeAllclose(
      byDelta.predictions.map(({ probability }) => probability),
    );
    const { case: scored, before, after } = await goldenNumbers<GoldenScores>(name, "scores.json");
    await writeFile(file("case.json"), JSON.stringify(counterFact(scored)));
    const scores = await callJson<Summaries>(
      ...["score", ...model, "--case", file("case.json"), "--delta", file("d.safetensors")],
    );
    for (const letter of ["ES", "PS", "NS", "EM", "PM", "NM"] as const) {
      expect(scores.summary.before.measures[letter].mean).toBeCloseTo(before[letter], 4);
      expect(scores.summary.after.measures[letter].mean).toBeCloseTo(after[letter], 3);
    }
  });
});

type Summaries = {
  summary: Record<"before" | "after", { measures: Record<string, { mean: number }> }>;
};

/** test/golden/scores.py: one case without and with the edit of the test below. */
type GoldenScores = { case: Case } & Record<"before" | "after", Record<string, number>>;

/** A case as a CounterFact record. */
function counterFact(scored: Case) {
  const { prompt, subject, targetNew, targetTrue } = scored;
  return {
    case_id: scored.id,
    requested_rewrite: {
      prompt,
      subject,
      target_new: { str: targetNew },
      target_true: { str: targetTrue },
    },
    paraphrase_prompts: scored.paraphrases,
    neighborhood_prompts: scored.neighbours,
    generation_prompts: scored.generationPrompts,
  };
}

test("the built-in model is traced as the page traces it: in windows of one layer, others of ten or of all they have", async () => {
  const trace = (model: string) =>
    callJson<{ request: { window: number } }>(
      ...["trace", "--model", model, "--prompt", "The Eiffel Tower is in the city of"],
      ...["--subject", "Eiffel Tower", "--sigma", "0.1", "--samples", "1"],
    );
  expect((await trace("demo")).request.window).toBe(1);
  expect((await trace(golden("tiny-gpt2"))).request.window).toBe(3);
});
