import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../../../src/engine/Model.ts";
import { rome } from "../../../../src/methods/edit/rome/rome.ts";
import type { EditRequest } from "../../../../src/methods/edit/editRequest.ts";
import type { RomeHyperparameters } from "../../../../src/methods/edit/rome/RomeHyperparameters.ts";
import type { LayerStatistics } from "../../../../src/methods/statistics/statistics.ts";
import { templateSpan, lookupIndex } from "../../../../src/methods/prompt/subject.ts";
import { targetLikelihoods } from "../../../../src/methods/score/targetLikelihoods.ts";
import { goldenNumbers, type GoldenEdit } from "../../../support/golden.ts";
import {
  goldenStatistics,
  tinyModel,
  tinyNames,
  type TinyName,
} from "../../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const golden = Object.fromEntries(
  await Promise.all(
    tinyNames.map(async (name) => [
      name,
      await goldenNumbers<Record<string, GoldenEdit>>(name, "rome.json"),
    ]),
  ),
) as Record<TinyName, Record<string, GoldenEdit>>;

const settings = (edit: GoldenEdit): RomeHyperparameters => ({
  ...edit.hyperparameters,
  contextLengths: [],
  factToken: "subject_last",
});

const norm = (x: ArrayLike<number>): number =>
  Math.sqrt(Array.from(x, (v) => v * v).reduce(add, 0));
const add = (a: number, b: number): number => a + b;

/** ‖a − b‖ / ‖b‖. */
function relative(a: ArrayLike<number>, b: number[]): number {
  return norm(b.map((x, i) => x - a[i])) / norm(b);
}

/** p(whole target | bare prompt) on the model as it is. */
async function probability(
  model: Model,
  { prompt, subject, target }: EditRequest,
): Promise<number> {
  const [[{ nll, greedy }]] = await targetLikelihoods(
    model,
    [templateSpan(prompt, subject).text],
    [[target]],
  );
  return Math.exp(-nll * greedy.length);
}

describe.each(tinyNames)("%s against float64", (name) => {
  let model: Model;
  let statistics: LayerStatistics;
  beforeAll(async () => {
    model = await tinyModel(name);
    statistics = await goldenStatistics(name);
  });

  test.each(Object.entries(golden[name]))("%s", async (_, expected) => {
    const { request, contexts } = expected;
    const edit = await rome(model, request, settings(expected), { statistics, contexts, seed: 1 });
    expect(edit.steps).toHaveLength(expected.steps.length);
    expect(relative(edit.u, expected.u)).toBeLessThan(1e-4);
    expect(relative(edit.vStar, expected.vStar)).toBeLessThan(1e-4);
    expect(relative(edit.v, expected.v)).toBeLessThan(1e-4);
    expect([edit.relativeNorm, edit.keyRatio]).toBeAllclose(
      [expected.relativeNorm, expected.keyRatio],
      { rtol: 1e-4 },
    );
    const columns = ["loss", "nll", "kl", "decay", "probability", "norm"] as const;
    for (const column of columns) {
      expect(edit.steps.map((step) => step[column])).toBeAllclose(
        expected.steps.map((step) => step[column]),
        { rtol: 1e-4, atol: 1e-5 },
      );
    }
    expect([await probability(model, request)]).toBeAllclose([expected.probabilityBefore], {
      rtol: 0,
      atol: 1e-4,
    });
    model.setDeltas(edit.delta.weights);
    const after = await probability(model, request);
    model.setDeltas([]);
    expect([after]).toBeAllclose([expected.probabilityAfter], { rtol: 0, atol: 1e-4 });
  });
});

const names = {
  "tiny-gpt2": "transformer.h.1.mlp.c_proj.weight",
  "tiny-gptj": "transformer.h.1.mlp.fc_out.weight",
  "tiny-neox": "gpt_neox.layers.1.mlp.dense_4h_to_h.weight",
};

describe.each(["tiny-gpt2", "tiny-gptj", "tiny-neox"] as const)("an edit of %s", (name) => {
  let model: Model;
  let statistics: LayerStatistics;
  const expected = golden[name]["subject first"];
  const { request, contexts } = expected;
  const hyperparameters = { ...settings(expected), steps: 5 };
  beforeAll(async () => {
    model = await tinyModel(name);
    statistics = await goldenStatistics(name);
  });

  const edit = (change: Partial<RomeHyperparameters> = {}, contextList = contexts) =>
    rome(
      model,
      request,
      { ...hyperparameters, ...change },
      {
        statistics,
        contexts: contextList,
        seed: 1,
      },
    );

  /** The MLP output at the subject's last token under every context, on the model as it is. */
  async function outputs(contextList: string[]): Promise<Float32Array[]> {
    const { dModel } = model.config;
    const found = [];
    for (const context of contextList) {
      const template = templateSpan(context, request.prompt).text;
      const tokens = [model.tokenizer.encode(templateSpan(template, request.subject).text)];
      const { watched } = await model.run({ tokens, watch: [{ site: "mlp", layer: 1 }] });
      const at = lookupIndex(model.tokenizer, template, request.subject) * dModel;
      found.push(watched[0].slice(at, at + dModel));
    }
    return found;
  }

  test("the edited matrix maps the bare prompt's key to v*", async () => {
    const { delta, vStar } = await edit();
    model.setDeltas(delta.weights);
    const [output] = await outputs(["{}"]);
    model.setDeltas([]);
    expect(output).toBeAllclose(vStar, { rtol: 1e-4, atol: 1e-4 });
  });

  test("r-ROME maps the mean key to v*", async () => {
    const { delta, vStar } = await edit({ keyMode: "r-rome" });
    model.setDeltas(delta.weights);
    const all = await outputs(contexts);
    model.setDeltas([]);
    const mean = all[0].map((_, i) => all.map((x) => x[i]).reduce(add, 0) / all.length);
    expect(mean).toBeAllclose(vStar, { rtol: 1e-4, atol: 1e-4 });
  });

  test("contexts without the identity still write at the bare prompt's key", async () => {
    const { delta, vStar } = await edit({}, contexts.slice(1));
    model.setDeltas(delta.weights);
    const [output] = await outputs(["{}"]);
    model.setDeltas([]);
    expect(output).toBeAllclose(vStar, { rtol: 1e-4, atol: 1e-4 });
  });

  test("the delta is of rank one, named as in the checkpoint, and says where it comes from", async () => {
    const { delta, u, v, relativeNorm } = await edit();
    expect(delta.weights).toEqual([
      {
        weight: names[name],
        change: { rank: 1, u, v },
        norm: relativeNorm,
      },
    ]);
    expect(u).toHaveLength(model.config.dMlp);
    expect(v).toHaveLength(model.config.dModel);
    const weight = norm(await model.readWeight(names[name]));
    expect([relativeNorm]).toBeAllclose([(norm(u) * norm(v)) / weight], { rtol: 1e-5 });
    expect(delta.provenance).toMatchObject({ model: name, method: "rome", seed: 1, request });
    expect(delta.provenance.hyperparameters).toEqual(hyperparameters);
  });

  test("a second edit is made on the model that has the first", async () => {
    const first = await edit();
    model.setDeltas(first.delta.weights);
    const second = await edit();
    model.setDeltas([]);
    expect(second.steps[0].nll).toBeLessThan(first.steps[0].nll);
    expect([second.steps[0].nll]).toBeAllclose([first.steps[4].nll], { rtol: 0.5 });
  });

  test("an edit leaves no tensor behind, also when it is aborted", async () => {
    await edit();
    const { tensors } = model.ledger;
    await edit();
    const controller = new AbortController();
    const aborted = rome(model, request, hyperparameters, {
      statistics,
      contexts,
      seed: 1,
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    await expect(aborted).rejects.toThrow(/abort/i);
    expect(model.ledger.tensors).toBe(tensors);
  });
});

describe("bad input", () => {
  let model: Model;
  let statistics: LayerStatistics;
  const expected = golden["tiny-gpt2"]["subject first"];
  beforeAll(async () => {
    model = await tinyModel("tiny-gpt2");
    statistics = await goldenStatistics("tiny-gpt2");
  });

  const long = `${"The old harbour is here. ".repeat(9)}{} is in`;
  test.each<[string, Partial<EditRequest>, string]>([
    ["a subject that is not in the prompt", { prompt: "Paris is in" }, "is not in the prompt"],
    ["a subject twice", { prompt: "Veen or Veen is", subject: "Veen" }, "in the prompt 2 times"],
    ["a prompt with two places", { prompt: "{} and {}" }, "needs one {} for the subject"],
    ["an empty prompt", { prompt: " " }, "the prompt is empty"],
    ["an empty subject", { subject: "" }, "the subject is empty"],
    ["an empty target", { target: "  " }, "the target is empty"],
    ["a prompt beyond the context", { prompt: long }, "the prompt is too long"],
  ])("refuses %s", async (_, change, message) => {
    const request = { ...expected.request, ...change };
    const edit = rome(model, request, settings(expected), {
      statistics,
      contexts: ["{}"],
      seed: 1,
    });
    await expect(edit).rejects.toThrow(message);
  });

  test.each<[string, Partial<RomeHyperparameters>, string]>([
    ["a layer out of range", { layer: 9 }, "invalid layer: 9 (this model has 0–2)"],
    ["no steps", { steps: 0 }, "invalid steps: 0"],
    ["a negative clamp", { clamp: -4 }, "invalid clamp: -4"],
    ["statistics of another layer", { layer: 0 }, "the statistics are of layer 1"],
  ])("refuses %s", async (_, change, message) => {
    const hyperparameters = { ...settings(expected), ...change };
    const options = { statistics, contexts: ["{}"], seed: 1 };
    const edit = rome(model, expected.request, hyperparameters, options);
    await expect(edit).rejects.toThrow(message);
  });

  test("refuses missing statistics, statistics of another width, and contexts that are no templates", async () => {
    const edit = (options: { statistics?: LayerStatistics; contexts: string[] }) =>
      rome(model, expected.request, settings(expected), { ...options, seed: 1 });
    await expect(edit({ contexts: ["{}"] })).rejects.toThrow("statistics of layer 1 are missing");
    const other = { ...statistics, dMlp: 7 };
    await expect(edit({ contexts: ["{}"], statistics: other })).rejects.toThrow("dMlp 7");
    const bad = edit({ contexts: ["{}", "It rains."], statistics });
    await expect(bad).rejects.toThrow('invalid template: "It rains."');
    await expect(edit({ contexts: [], statistics })).rejects.toThrow("contexts is empty");
  });
});
