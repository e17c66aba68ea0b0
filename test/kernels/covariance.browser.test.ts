import { expect } from "vitest";
import { covariance } from "../../src/kernels/covariance.ts";
import { covarianceReference, mirrorLower } from "../../src/kernels/covariance.reference.ts";
import { gpuTest } from "../device.ts";
import { uniform } from "./positiveDefinite.ts";

gpuTest.for([
  { samples: 1, dMlp: 1, tile: 16 },
  { samples: 5, dMlp: 3, tile: 8 },
  { samples: 33, dMlp: 17, tile: 8 },
  { samples: 40, dMlp: 33, tile: 16 },
  { samples: 130, dMlp: 64, tile: 4 },
])(
  "adds Kᵀ K for $samples keys of width $dMlp, tile $tile",
  async ({ samples, dMlp, tile }, { gpu }) => {
    const k = Float32Array.from(uniform(samples * dMlp, 1));
    const keys = gpu.upload("test.keys", k);
    const c = gpu.buffer("test.c", dMlp * dMlp * 4);
    await covariance(gpu, { keys, samples, dMlp, c, tile });
    const once = covarianceReference(k, [samples, dMlp]);
    expect(mirrorLower(await gpu.download(c), dMlp)).toBeAllclose(once);
    await covariance(gpu, { keys, samples, dMlp, c, tile });
    expect(mirrorLower(await gpu.download(c), dMlp)).toBeAllclose(once.map((x) => 2 * x));
    gpu.destroy(keys, c);
  },
);

gpuTest("leaves what lies above the diagonal alone", async ({ gpu }) => {
  const [samples, dMlp] = [4, 11];
  const keys = gpu.upload("test.keys", new Float32Array(samples * dMlp).fill(1));
  const c = gpu.upload("test.c", new Float32Array(dMlp * dMlp).fill(7));
  await covariance(gpu, { keys, samples, dMlp, c, tile: 4 });
  const expected = new Float32Array(dMlp * dMlp).map((_, at) =>
    at % dMlp <= Math.floor(at / dMlp) ? 11 : 7,
  );
  expect(await gpu.download(c)).toEqual(expected);
  gpu.destroy(keys, c);
});

gpuTest("carries the rounding error from call to call", async ({ gpu }) => {
  // 1 + 100 · 4e-8 in float32: each addition alone is lost, since 4e-8 is less than half a rounding of 1.
  const keys = gpu.upload("test.keys", new Float32Array([2e-4]));
  const sum = async (carry?: GPUBuffer) => {
    const c = gpu.upload("test.c", new Float32Array([1]));
    for (let call = 0; call < 100; call++)
      await covariance(gpu, { keys, samples: 1, dMlp: 1, c, ...(carry && { carry }) });
    const result = await gpu.download(c);
    gpu.destroy(c);
    return result;
  };
  const carry = gpu.buffer("test.carry", 4);
  expect(await sum(carry)).toBeAllclose([1 + 4e-6], { rtol: 6e-8, atol: 0 });
  expect(await sum()).toEqual(new Float32Array([1]));
  gpu.destroy(keys, carry);
});

gpuTest("does not lose small terms among many samples", async ({ gpu }) => {
  const samples = 1601;
  const k = new Float32Array(samples).fill(1e-4);
  k[0] = 1;
  const keys = gpu.upload("test.keys", k);
  const c = gpu.buffer("test.c", 4);
  await covariance(gpu, { keys, samples, dMlp: 1, c, tile: 4 });
  const expected = covarianceReference(k, [samples, 1]);
  expect(await gpu.download(c)).toBeAllclose(expected, { rtol: 1.2e-7, atol: 0 });
  gpu.destroy(keys, c);
});
