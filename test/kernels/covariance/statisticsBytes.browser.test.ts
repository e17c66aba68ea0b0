import { expect } from "vitest";
import { covarianceVariants } from "../../../src/kernels/covariance/covariance.ts";
import { Factor } from "../../../src/kernels/solve/Factor.ts";
import { RunningCovariance } from "../../../src/kernels/covariance/RunningCovariance.ts";
import { factorBytes, covarianceBytes } from "../../../src/kernels/covariance/statisticsBytes.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";

/** How far off an estimate is. */
const off = (estimate: number, found: number) => Math.abs(estimate / found - 1);

gpuTest.for([
  { n: 300, columns: 1, count: 0 },
  { n: 300, columns: 21, count: 0 },
  { n: 520, columns: 3, count: 0 },
  { n: 300, columns: 40, count: 40 },
])(
  "a factor takes what was said, within 5 %: n = $n, $columns columns, $count keys",
  async ({ n, columns, count }, { gpu }) => {
    const c = SymmetricTiles.from(positiveDefinite(n, 100), n);
    const keys = count > 0 ? { keys: { data: uniform(n * count, 5), count } } : {};
    const factor = await Factor.of(c, { gpu, ...keys });
    const device = { bindingLimit: gpu.bindingLimit, measured: true };
    const said = factorBytes(device, { n, columns, keys: count });
    expect(gpu.bytes).toBe(said.held);
    await factor.solve(uniform(n * columns, 2), columns);
    expect(off(said.peak, gpu.peak)).toBeLessThan(0.05);
    factor.dispose();
  },
);

gpuTest.for([
  { n: 300, samples: 40, measured: true },
  { n: 301, samples: 40, measured: true },
  { n: 520, samples: 40, measured: false },
])(
  "running sums take what was said, within 5 %: n = $n",
  async ({ n, samples, measured }, { gpu }) => {
    const layers = 2;
    const variant = measured ? { variant: covarianceVariants[0] } : {};
    const covariances = [
      await RunningCovariance.open(gpu, n, variant),
      await RunningCovariance.open(gpu, n, variant),
    ];
    const device = { bindingLimit: gpu.bindingLimit, measured };
    const said = covarianceBytes(device, { n, layers, samples });
    expect(gpu.bytes).toBe(said.held);
    const keys = gpu.upload("test.keys", Float32Array.from(uniform(samples * n, 1)));
    for (const covariance of covariances) {
      await covariance.add(keys, samples);
      await covariance.drain(() => undefined);
      covariance.dispose();
    }
    // The keys are the engine's, whose own ledger counts them.
    expect(off(said.peak, gpu.peak - (measured ? keys.size : 0))).toBeLessThan(0.05);
    gpu.destroy(keys);
  },
);
