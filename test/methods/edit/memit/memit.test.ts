import { beforeAll, describe, expect, test, vi } from "vitest";
import { readNpz } from "../../../../src/data/archive/npz.ts";
import type { Model } from "../../../../src/engine/Model.ts";
import type { EditRequest } from "../../../../src/methods/edit/editRequest.ts";
import { memit, type MemitEdit } from "../../../../src/methods/edit/memit/memit.ts";
import type { EditEvent } from "../../../../src/methods/edit/Editor.ts";
import type { MemitHyperparameters } from "../../../../src/methods/edit/memit/MemitHyperparameters.ts";
import type { MemitOptions } from "../../../../src/methods/edit/memit/MemitJob.ts";
import type { LayerStatistics } from "../../../../src/methods/statistics/statistics.ts";
import { templateSpan } from "../../../../src/methods/prompt/subject.ts";
import { targetLikelihoods } from "../../../../src/methods/score/targetLikelihoods.ts";
import { goldenFile, type GoldenMassEdit, goldenNumbers } from "../../../support/golden.ts";
import {
  goldenStatistics,
  tinyModel,
  tinyNames,
  type TinyName,
} from "../../../support/methods/tiny.ts";
import { isLowRank } from "../../../../src/data/delta/delta.ts";
import { factorsOf } from "../../../support/engine/deltas.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const golden = Object.fromEntries(
  await Promise.all(
    tinyNames.map(async (name) => [
      name,
      await goldenNumbers<Record<string, GoldenMassEdit>>(name, "memit.json"),
    ]),
  ),
) as Record<TinyName, Record<string, GoldenMassEdit>>;

/** ‖a − b‖ / ‖b‖. */
function relative(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const norm = (x: number[]) => Math.hypot(...x);
  const expected = Array.from(b);
  return norm(expected.map((x, i) => x - a[i])) / norm(expected);
}

/** p(whole target | bare prompt) of every fact on the model as it is. */
async function probabilities(model: Model, facts: EditRequest[]): Promise<number[]> {
  const prompts = facts.map(({ prompt, subject }) => templateSpan(prompt, subject).text);
  const found = await targetLikelihoods(
    model,
    prompts,
    facts.map(({ target }) => [target]),
  );
  return found.map(([{ nll, greedy }]) => Math.exp(-nll * greedy.length));
}

/** ΔW [dMlp, dModel] of a layer of the delta, as the sum of its factors where it has them. */
function denseDelta({ delta }: MemitEdit, at: number): Float64Array {
  const { change } = delta.weights[at];
  if (!isLowRank(change)) return Float64Array.from(change.dense);
  const { u, v, rank } = factorsOf(delta.weights[at]);
  const [f, d] = [u.length / rank, v.length / rank];
  const sum = new Float64Array(f * d);
  for (let r = 0; r < rank; r++) {
    for (let i = 0; i < f; i++) {
      for (let j = 0; j < d; j++) sum[i * d + j] += u[r * f + i] * v[r * d + j];
    }
  }
  return sum;
}

/** ΔW = adjK · residᵀ of the golden arrays. */
function goldenDelta(adjK: ArrayLike<number>, resid: ArrayLike<number>, facts: number) {
  const [f, d] = [adjK.length / facts, resid.length / facts];
  return Float64Array.from({ length: f * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let n = 0; n < facts; n++) sum += adjK[i * facts + n] * resid[j * facts + n];
    return sum;
  });
}

describe.each(tinyNames)("%s against float64", (name) => {
  let model: Model;
  let statistics: (layer: number) => Promise<LayerStatistics>;
  beforeAll(async () => {
    model = await tinyModel(name);
    statistics = (layer) => goldenStatistics(name, layer);
  });

  test.each(Object.entries(golden[name]))("%s", async (_, expected) => {
    const { requests, hyperparameters, contexts } = expected;
    const arrays = readNpz(await goldenFile(`numbers/${name}/${expected.arrays}`));
    const values = (key: string) => arrays[key].data as Float64Array;
    const made = await memit(model, requests, hyperparameters, { statistics, contexts, seed: 1 });

    const z = goldenRows(values("z"), requests.length);
    made.states.forEach((state, i) => {
      expect(relative(state.z, z[i])).toBeLessThan(1e-4);
      expect(state.steps.map(({ loss }) => loss)).toBeAllclose(
        expected.steps[i].map(({ loss }) => loss),
        { rtol: 1e-4, atol: 1e-5 },
      );
    });
    made.layers.forEach(({ layer, adjK, resid }, i) => {
      expect(relative(adjK, values(`${layer}.adj_k`))).toBeLessThan(1e-4);
      expect(relative(resid, values(`${layer}.resid`))).toBeLessThan(1e-4);
      const dense = goldenDelta(
        values(`${layer}.adj_k`),
        values(`${layer}.resid`),
        requests.length,
      );
      expect(relative(denseDelta(made, i), dense)).toBeLessThan(1e-4);
      expect([made.delta.weights[i].norm!]).toBeAllclose([expected.layers[i].relativeNorm], {
        rtol: 1e-4,
      });
    });
    expect(await probabilities(model, requests)).toBeAllclose(expected.probabilityBefore, {
      rtol: 0,
      atol: 1e-4,
    });
    model.setDeltas(made.delta.weights);
    const after = await probabilities(model, requests);
    model.setDeltas([]);
    expect(after).toBeAllclose(expected.probabilityAfter, { rtol: 0, atol: 1e-4 });
  });
});

/** The columns of a matrix [width, fact]. */
function goldenRows(matrix: Float64Array, facts: number): Float64Array[] {
  return Array.from({ length: facts }, (_, fact) => matrix.filter((_, at) => at % facts === fact));
}

describe("an edit of several facts", () => {
  let model: Model;
  const { requests, hyperparameters, contexts } = golden["tiny-gpt2"]["four facts, two layers"];
  const quick = { ...hyperparameters, steps: 4 };
  const statistics = (layer: number) => goldenStatistics("tiny-gpt2", layer);
  beforeAll(async () => {
    model = await tinyModel("tiny-gpt2");
  });

  const edit = (
    options: Partial<MemitOptions> = {},
    change: Partial<MemitHyperparameters> = {},
    facts = requests,
  ) => memit(model, facts, { ...quick, ...change }, { statistics, contexts, seed: 1, ...options });

  test("is the same in one batch and fact by fact", async () => {
    const [together, alone] = [await edit(), await edit({ batch: 1 })];
    for (const [i, { z }] of together.states.entries()) {
      expect(relative(alone.states[i].z, z)).toBeLessThan(1e-5);
    }
  });

  test("samples MEMIT's contexts where none are given, the same for the same seed", async () => {
    const { contexts: sampled } = await memit(model, requests.slice(0, 1), quick, {
      statistics,
      seed: 3,
    });
    expect(sampled.map((group) => group.length)).toEqual([1, 5]);
    expect(sampled[0]).toEqual(["{}"]);
    expect(sampled[1][0]).toMatch(/^The.*\. \{\}$/s);
    const again = await memit(model, requests.slice(0, 1), quick, { statistics, seed: 3 });
    expect(again.contexts).toEqual(sampled);
  });

  test("tells of every fact and layer, and leaves the model and its memory as they were", async () => {
    const before = await probabilities(model, requests);
    await edit();
    const { tensors } = model.ledger;
    const events: EditEvent[] = [];
    await edit({ onEvent: (event) => events.push(event) });
    const of = (type: EditEvent["type"]) => events.filter((event) => event.type === type);
    expect(of("step")).toHaveLength(4 * requests.length);
    expect(of("found")).toHaveLength(requests.length);
    expect(of("layer").map((event) => "layer" in event && event.layer)).toEqual([0, 1]);
    expect(model.ledger.tensors).toBe(tensors);
    expect(await probabilities(model, requests)).toEqual(before);
  });

  test("is made on top of the edits that are on, which stay on", async () => {
    const first = await edit({}, {}, requests.slice(0, 2));
    model.setDeltas(first.delta.weights);
    const second = await edit({}, {}, requests.slice(0, 2));
    expect(model.deltas).toEqual(first.delta.weights);
    model.setDeltas([]);
    expect(second.states[0].steps[0].nll).toBeLessThan(first.states[0].steps[0].nll);
  });

  test("goes on where an earlier run was interrupted", async () => {
    const kept = new Map<string, Float32Array>();
    const values = {
      get: (name: string) => Promise.resolve(kept.get(name)),
      set: (name: string, z: Float32Array) => Promise.resolve(void kept.set(name, z)),
    };
    const controller = new AbortController();
    const interrupted = edit({
      values,
      batch: 2,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "found" && kept.size === 1) controller.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(/abort/i);
    expect(kept.size).toBe(2);

    const found: boolean[] = [];
    const resumed = await edit({
      values,
      onEvent: (event) => {
        if (event.type === "found") found[event.fact] = event.cached;
      },
    });
    expect(found.filter((cached) => cached)).toHaveLength(2);
    const whole = await edit();
    expect(relative(resumed.layers[1].resid, whole.layers[1].resid)).toBeLessThan(1e-4);
    expect(kept.size).toBe(requests.length);
    const other = await edit(
      { values, onEvent: (e) => e.type === "found" && found.push(e.cached) },
      { clamp: 2 },
    );
    expect(found.slice(-requests.length)).toEqual(requests.map(() => false));
    expect(other.written).toHaveLength(requests.length);
  });

  test("writes the facts that are found when it is told that this is enough", async () => {
    const enough = new AbortController();
    const made = await edit({
      batch: 2,
      enough: enough.signal,
      onEvent: ({ type }) => type === "found" && enough.abort(),
    });
    expect(made.written).toHaveLength(2);
    expect(factorsOf(made.delta.weights[0]).rank).toBe(2);
    expect(made.layers[0].resid).toHaveLength(2 * model.config.dModel);
  });

  test("more facts than dModel are kept as the whole ΔW, and do the same", async () => {
    const { dModel } = model.config;
    const many = Array.from({ length: dModel + 1 }, (_, i) => ({
      ...requests[i % requests.length],
      target: ["Oster Bridge", "Lindholm", "Port Vell"][i % 3],
    }));
    const made = await edit({}, { steps: 2, layers: [1] }, many);
    expect(made.delta.weights[0].change).toMatchObject({ shape: [model.config.dMlp, dModel] });
    const { adjK, resid } = made.layers[0];
    expect(relative(denseDelta(made, 0), goldenDelta(adjK, resid, many.length))).toBeLessThan(1e-5);
  });

  test.each<[string, EditRequest[], Partial<MemitHyperparameters>, string]>([
    ["no facts", [], {}, "the list of facts is empty"],
    ["no layers", requests, { layers: [] }, "no layer was chosen"],
    ["layers out of order", requests, { layers: [1, 0] }, "invalid layers: 1, 0"],
    ["a layer out of range", requests, { layers: [1, 9] }, "invalid layer: 9 (this model has 0–2)"],
    ["a lambda of zero", requests, { lambda: 0 }, "invalid lambda: 0 (above 0)"],
    ["no steps", requests, { steps: 0 }, "invalid steps: 0"],
    [
      "a fact without subject",
      [requests[0], { ...requests[1], subject: " " }],
      {},
      "fact 2: the subject is empty",
    ],
    ["an empty target", [{ ...requests[0], target: " " }], {}, "the target is empty"],
  ])("refuses %s", async (_, facts, change, message) => {
    await expect(edit({}, change, facts)).rejects.toThrow(message);
  });
});
