import { expect, test } from "vitest";
import { covarianceReference } from "../../src/kernels/covariance.reference.ts";
import { SecondMoment } from "../../src/kernels/SecondMoment.ts";
import { uniform } from "./positiveDefinite.ts";

test("sums batches of keys in float64 without a GPU", async () => {
  const [samples, dMlp] = [50, 7];
  const keys = Float32Array.from(uniform(samples * dMlp, 1));
  const moment = new SecondMoment(dMlp);
  await moment.add(keys.subarray(0, 20 * dMlp));
  await moment.add(new Float32Array(0));
  await moment.add(keys.subarray(20 * dMlp));
  expect(moment.count).toBe(samples);
  expect(await moment.read()).toBeAllclose(covarianceReference(keys, [samples, dMlp]));
});

test("refuses keys of another width", async () => {
  await expect(new SecondMoment(7).add(new Float32Array(8))).rejects.toThrow(
    "invalid keys: 8 numbers (expected a multiple of 7)",
  );
});
