import { expect } from "vitest";
import { covarianceVariants } from "../../src/kernels/covariance.ts";
import { fastestCovariance } from "../../src/kernels/covarianceTrial.ts";
import { gpuTest } from "../device.ts";

gpuTest("chooses a variant by measurement, and leaves nothing behind", async ({ gpu }) => {
  const { choice, rate } = await fastestCovariance(gpu);
  expect(covarianceVariants).toContain(choice);
  expect(rate).toBeGreaterThan(1e6);
  expect(gpu.buffers).toBe(0);
});
