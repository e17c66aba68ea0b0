import { beforeAll, describe, expect, test, vi } from "vitest";
import type { WeightDelta } from "../../../src/data/delta/delta.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";
import { tinyModel } from "../../support/methods/tiny.ts";
import { mlpOutDelta } from "../../support/engine/deltas.ts";
import { checkOnCpu } from "../../support/engine/golden/checkOnCpu.ts";
import { deltaChecks } from "../../support/engine/golden/deltaChecks.ts";

const tokens = [[5, 17, 200, 33, 8]];
const at = { row: 0, token: 4 };

describe.each(["tiny-gpt2", "tiny-gptj"] as const)("a delta of %s", (name) => {
  let model: Model;
  let low: WeightDelta;
  let high: WeightDelta;
  beforeAll(async () => {
    model = await tinyModel(name);
    const { dMlp, dModel } = model.config;
    const numbers = new NumpyRandom(7);
    const factors = {
      rank: 2,
      u: Float32Array.from(numbers.randn(2 * dMlp), (x) => 0.1 * x),
      v: Float32Array.from(numbers.randn(2 * dModel)),
    };
    low = mlpOutDelta(model, 1, factors);
    // The same ΔW, as factors of a rank at which W + ΔW is made once.
    const [u, v] = [new Float32Array(dModel * dMlp), new Float32Array(dModel * dModel)];
    u.set(factors.u);
    v.set(factors.v);
    high = mlpOutDelta(model, 1, { rank: dModel, u, v });
  });

  const logits = async () => (await model.run({ tokens, readout: [at] })).readout;

  /** d −log p by hidden of layer 0: through the changed matrix. */
  async function gradient(): Promise<Float32Array> {
    const loss = { nll: [{ ...at, target: 3, weight: 1 }] };
    const found = await model.gradient({ tokens }, loss, [{ site: "hidden", layer: 0 }]);
    return found.gradients[0];
  }

  test("is the same as factors and as a dense matrix, forward and backward", async () => {
    const base = await logits();
    model.setDeltas([low]);
    const [factors, factorsGradient] = [await logits(), await gradient()];
    model.setDeltas([high]);
    expect(await logits()).toBeAllclose(factors, { rtol: 1e-5, atol: 1e-5 });
    expect(await gradient()).toBeAllclose(factorsGradient, { rtol: 1e-4, atol: 1e-5 });
    model.setDeltas([]);
    expect(factors).not.toEqual(base);
    expect(await logits()).toEqual(base);
  });

  test("of a high rank takes the room of one matrix, and gives it back", async () => {
    const { dMlp, dModel } = model.config;
    const { bytes } = model.ledger;
    model.setDeltas([high]);
    await logits();
    expect(model.ledger.bytes - bytes).toBe(4 * dMlp * dModel);
    model.setDeltas([]);
    expect(model.ledger.bytes).toBe(bytes);
  });

  test("that is switched off while W + ΔW is made leaves nothing behind", async () => {
    const { tensors } = model.ledger;
    model.setDeltas([high]);
    const running = logits();
    model.setDeltas([]);
    await running;
    expect(model.ledger.tensors).toBe(tensors);
  });

  test("whose sum failed once is made by the next run", async () => {
    const fresh = await tinyModel(name);
    const say = async () => (await fresh.run({ tokens, readout: [at] })).readout;
    fresh.setDeltas([low]);
    const expected = await say();
    fresh.setDeltas([high]);
    const create = vi.spyOn(fresh.runtime.ort.InferenceSession, "create");
    create.mockRejectedValueOnce(new Error("no memory for the sum"));
    await expect(say()).rejects.toThrow("no memory for the sum");
    create.mockRestore();
    expect(await say()).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-4 });
    await fresh.dispose();
  });
});

checkOnCpu(deltaChecks);
