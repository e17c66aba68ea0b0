import { expect } from "vitest";
import { covarianceReference } from "../../src/kernels/covariance.reference.ts";
import { SecondMoment } from "../../src/kernels/SecondMoment.ts";
import { gpuTest } from "../device.ts";
import { uniform } from "./positiveDefinite.ts";

gpuTest("sums batches of keys on the GPU", async ({ gpu }) => {
  const [samples, dMlp] = [50, 19];
  const keys = Float32Array.from(uniform(samples * dMlp, 1));
  const moment = new SecondMoment(dMlp, gpu);
  await moment.add(keys.subarray(0, 20 * dMlp));
  await moment.add(new Float32Array(0));
  await moment.add(keys.subarray(20 * dMlp));
  expect(moment.count).toBe(samples);
  expect(await moment.read()).toBeAllclose(covarianceReference(keys, [samples, dMlp]));
  moment.dispose();
});
