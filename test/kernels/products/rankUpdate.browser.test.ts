import { expect } from "vitest";
import { rankUpdate } from "../../../src/kernels/products/rankUpdate.ts";
import { rankUpdateReference } from "../../../src/kernels/products/rankUpdate.reference.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

const sizes = [
  { inputs: 1, outputs: 1, rank: 1, tile: 16 },
  { inputs: 5, outputs: 3, rank: 2, tile: 8 },
  { inputs: 33, outputs: 17, rank: 1, tile: 8 },
  { inputs: 17, outputs: 33, rank: 19, tile: 16 },
  { inputs: 64, outputs: 16, rank: 9, tile: 4 },
];

gpuTest.for(
  sizes.flatMap((size) =>
    (["[inputs, outputs]", "[outputs, inputs]"] as const).map((layout) => ({ ...size, layout })),
  ),
)(
  "W $layout of $inputs × $outputs, rank $rank, tile $tile: added, then taken back",
  async ({ tile, ...size }, { gpu }) => {
    const { inputs, outputs, rank } = size;
    const [weights, left, right] = [inputs * outputs, rank * inputs, rank * outputs].map(
      (length, i) => Float32Array.from(uniform(length, i)),
    );
    const w = gpu.upload("test.w", weights);
    const u = gpu.upload("test.u", left);
    const v = gpu.upload("test.v", right);
    await rankUpdate(gpu, { w, u, v }, { ...size, sign: "+" }, tile);
    const expected = rankUpdateReference(weights, left, right, { ...size, sign: "+" });
    expect(await gpu.download(w)).toBeAllclose(expected);
    await rankUpdate(gpu, { w, u, v }, { ...size, sign: "-" }, tile);
    expect(await gpu.download(w)).toBeAllclose(weights);
    gpu.destroy(w, u, v);
  },
);
