import { expect } from "vitest";
import { covarianceVariants } from "../../../src/kernels/covariance/covariance.ts";
import { fastestCovariance } from "../../../src/kernels/covariance/covarianceTrial.ts";
import { gpuTest } from "../../support/device.ts";

gpuTest("chooses a variant by measurement, and leaves nothing behind", async ({ gpu }) => {
  const { choice, rate } = await fastestCovariance(gpu);
  expect(covarianceVariants).toContain(choice);
  expect(rate).toBeGreaterThan(1e6);
  expect(gpu.buffers).toBe(0);
});
