import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../../src/engine/Model.ts";
import { editRows } from "../../../src/methods/edit/editRows.ts";
import { memit } from "../../../src/methods/edit/memit/memit.ts";
import { memitPreset } from "../../../src/methods/edit/memit/memitPreset.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { noiseInterventions, rowNoise } from "../../../src/methods/edit/subjectNoise.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";
import { predict } from "../../../src/methods/prompt/predict.ts";
import { targetAnswers } from "../../../src/methods/score/targetAnswers.ts";
import { goldenStatistics, tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000 });

const fact = { prompt: "The {} is in the city of", subject: "Paper Mill", target: " Port Vell" };
const contexts = ["{}", "It was said. {}"];
const noise = { level: 0.3, seed: 1 };
let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

const romeSettings = () => ({
  ...romePreset(model.config).settings,
  layer: 1,
  covariance: "I" as const,
  weightDecay: 0,
  clamp: 10,
});
const memitSettings = () => ({
  ...memitPreset(model.config).settings,
  layers: [0, 1],
  lambda: 10,
  weightDecay: 0,
  clamp: 10,
});
const statistics = (layer: number) => goldenStatistics("tiny-gpt2", layer);

describe("erasure", () => {
  /** What the model says by itself: there is something to erase. */
  const known = async () => {
    const prompt = fact.prompt.replace("{}", fact.subject);
    const [{ token }] = await predict(model, prompt, 1);
    return { ...fact, target: token };
  };

  test("its gradient is that of exp(−NLL), by finite differences", async () => {
    const rows = editRows(model, fact, { contexts, factToken: "subject_last" });
    const { kept } = await model.run({ tokens: rows.tokens, keep: true });
    const at = { layer: 1, starts: rows.lookups, groups: [0, 0, 1] };
    const continuation = await model.continuation(kept!, at);
    const weight = 1 / rows.targets.length;
    const loss = { nll: rows.targets.map((target) => ({ ...target, weight })) };
    const d = model.config.dModel;
    const direction = new NumpyRandom(3).randn(d);
    const look = async (step: number) => {
      const added = new Float32Array(2 * d);
      direction.forEach((x, i) => (added[i] = step * x));
      const { nll, gradient } = await continuation.evaluate(added, loss);
      const mean = nll.reduce((a, b) => a + b, 0) * weight;
      return { p: Math.exp(-mean), gradient };
    };
    const { p, gradient } = await look(0);
    const h = 0.02;
    const slope = ((await look(h)).p - (await look(-h)).p) / (2 * h);
    const along = direction.reduce((sum, x, i) => sum + x * gradient[i], 0);
    expect([-p * along]).toBeAllclose([slope], { rtol: 0.02 });
    kept!.dispose();
  });

  test("of one fact makes its target unlikely", async () => {
    const said = await known();
    const [before] = await targetAnswers(model, [said]);
    const options = { contexts: ["{}"], seed: 1, objective: { target: "minimise" as const } };
    const { delta, steps } = await rome(model, said, romeSettings(), options);
    model.setDeltas(delta.weights);
    const [after] = await targetAnswers(model, [said]);
    model.setDeltas([]);
    expect(steps).toHaveLength(20);
    expect(steps[19].probability).toBeLessThan(steps[0].probability);
    expect(after.probability).toBeLessThan(0.5 * before.probability);
    expect(delta.provenance.objective).toEqual({ target: "minimise" });
  });

  test("of several layers does too", async () => {
    const said = await known();
    const [before] = await targetAnswers(model, [said]);
    const objective = { target: "minimise" as const };
    const options = { contexts: ["{}"], seed: 1, statistics, objective };
    const { delta, states } = await memit(model, [said], memitSettings(), options);
    model.setDeltas(delta.weights);
    const [after] = await targetAnswers(model, [said]);
    model.setDeltas([]);
    expect(states[0].steps).toHaveLength(20);
    expect(states[0].steps[19].probability).toBeLessThan(states[0].steps[0].probability);
    expect(after.probability).toBeLessThan(before.probability);
  });

  test("a search that says the usual goal finds the same value to the last bit", async () => {
    const usual = await rome(model, fact, romeSettings(), { contexts, seed: 1 });
    const goal = { objective: { target: "maximise" as const }, stop: { below: 0.05 } };
    const said = await rome(model, fact, romeSettings(), { contexts, seed: 1, ...goal });
    expect(said.vStar).toEqual(usual.vStar);
    expect(said.v).toEqual(usual.v);
  });
});

describe("noise on the subject", () => {
  test("stands at the subject's own place in every row, in the order of the rows", () => {
    const rows = editRows(model, fact, { contexts, factToken: "subject_last", noise });
    const d = model.config.dModel;
    const lengths = rows.noise!.map(({ values }) => values.length / d);
    const ends = rows.noise!.map(({ begin }, row) => begin + lengths[row] - 1);
    expect(ends).toEqual(rows.lookups);
    const draws = new NumpyRandom(noise.seed).randn(d * (lengths[0] + lengths[1]));
    expect(rows.noise![0].values[0]).toBe(Math.fround(0.3 * draws[0]));
    expect(rows.noise![1].values[0]).toBe(Math.fround(0.3 * draws[d * lengths[0]]));
  });

  test("of a row that is cut short there is as much as it holds", () => {
    const made = rowNoise({ ...noise, replace: true }, [[1, 4], [5, 6]], 2); // prettier-ignore
    const found = noiseInterventions(made, [[1, 2, 3], [1, 2]], 2); // prettier-ignore
    expect(found).toMatchObject([{ rows: [0], tokens: [1, 2], mode: "replace" }]);
    expect(found[0].values).toHaveLength(4);
  });

  test("a fact is forced under it", async () => {
    const objective = { target: "maximise" as const, noise };
    const { steps } = await rome(model, fact, romeSettings(), { contexts, seed: 1, objective });
    expect(steps[steps.length - 1].probability).toBeGreaterThan(2 * steps[0].probability);
    const clean = await rome(model, fact, romeSettings(), { contexts, seed: 1 });
    expect(steps[0].nll).not.toBe(clean.steps[0].nll);
    await expect(
      rome(model, fact, romeSettings(), {
        contexts,
        seed: 1,
        objective: { target: "maximise", noise: { level: -1, seed: 1 } },
      }),
    ).rejects.toThrow("invalid noise: -1");
  });

  test("is the same in the search and where states are looked up", async () => {
    // One look moves nothing: the state that is searched for is the one that is there.
    const facts = [fact, { prompt: "{} was born in", subject: "Tomas Veen", target: " Lindholm" }];
    const settings = { ...memitSettings(), steps: 1 };
    const objective = { target: "maximise" as const, noise };
    const options = { contexts, seed: 1, statistics, objective };
    const { layers } = await memit(model, facts, settings, options);
    expect(layers[0].residual).toBeLessThan(1e-4);
    const clean = await memit(model, facts, settings, { contexts, seed: 1, statistics });
    expect(clean.layers[0].adjK).not.toEqual(layers[0].adjK);
  });
});
