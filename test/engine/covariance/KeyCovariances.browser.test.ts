import { expect, test } from "vitest";
import { Model } from "../../../src/engine/Model.ts";
import { urlFiles } from "../../../src/engine/files/ModelFiles.ts";
import { openWebRuntime } from "../../../src/engine/runtime/webRuntime.ts";
import { checkCovariances } from "../../support/engine/keyCovarianceChecks.ts";
import { wideModel } from "../../support/engine/wideModel.ts";

const golden = (name: string) =>
  urlFiles(new URL(`/test/golden/checkpoints/${name}`, globalThis.location.origin).href);

const webgpu = openWebRuntime("webgpu");

test.each(["tiny-gpt2", "tiny-gptj"])("%s on WebGPU: the keys stay on the device", async (name) => {
  const { runtime } = await webgpu;
  const model = await Model.load(runtime, golden(name));
  expect(model.gpu).toBeDefined();
  await checkCovariances(model);
  await model.dispose();
});

test("on wasm", async () => {
  const { runtime } = await openWebRuntime("wasm");
  const model = await Model.load(runtime, golden("tiny-gpt2"));
  expect(model.gpu).toBeUndefined();
  await checkCovariances(model);
  await model.dispose();
});

test("five layers of GPT-2 XL's width take 1.1 times their lower halves and a batch of keys", async () => {
  const dMlp = 6400;
  const { runtime } = await webgpu;
  const model = await wideModel(runtime, golden("tiny-gpt2"), dMlp);
  const gpu = model.gpu!;
  const weights = model.ledger.bytes;
  const before = gpu.bytes;
  let most = 0;
  const buffer = gpu.buffer.bind(gpu);
  gpu.buffer = (...request) => {
    const made = buffer(...request);
    most = Math.max(most, gpu.bytes - before + model.ledger.bytes - weights);
    return made;
  };
  const covariances = await model.keyCovariances([0, 1, 2, 3, 4]);
  const batch = [Array.from({ length: 8 }, (_, i) => 3 * i), [7, 8, 9]];
  expect(await covariances.add(batch)).toBe(11);
  const lowerHalves = (5 * (dMlp * (dMlp + 1)) * 4) / 2;
  const keys = batch.length * 8 * dMlp * 4;
  expect(most).toBeGreaterThan(lowerHalves);
  expect(most).toBeLessThan(1.1 * lowerHalves + keys);
  covariances.dispose();
  gpu.buffer = buffer;
  expect(gpu.bytes).toBe(before);
  expect(model.ledger.bytes).toBe(weights);
  await model.dispose();
});
