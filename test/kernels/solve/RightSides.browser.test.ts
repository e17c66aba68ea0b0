import { expect } from "vitest";
import { RightSides } from "../../../src/kernels/solve/RightSides.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

gpuTest.for([
  { n: 5, columns: 3, side: 4 },
  { n: 40, columns: 9, side: 16 },
])(
  "gives back columns of [$n, $columns], plain and in two floats",
  async ({ n, columns, side }, { gpu }) => {
    const data = uniform(n * columns, 1);
    const range: [number, number] = [1, columns];
    const inRange = data.map((x, at) => (at % columns === 0 ? 0 : x));
    for (const double of [false, true]) {
      const shape = { n, columns: columns - 1, side, double };
      const sides = new RightSides(gpu, "test.sides", shape);
      sides.write({ data, n, columns, range }, 3);
      const found = new Float64Array(n * columns);
      await sides.read({ data: found, n, columns, range });
      const rtol = double ? 1e-14 : 1e-7;
      expect(found).toBeAllclose(
        inRange.map((x) => 3 * x),
        { rtol, atol: 0 },
      );
      sides.dispose();
    }
  },
);

gpuTest("holds a right-hand side after the other, zero past the last", async ({ gpu }) => {
  const sides = new RightSides(gpu, "test.sides", { n: 3, columns: 2, side: 2 });
  const data = Float64Array.of(1, 10, 2, 20, 3, 30);
  sides.write({ data, n: 3, columns: 2, range: [0, 2] });
  expect(await sides.blocks.read(0)).toEqual(Float32Array.of(1, 2, 10, 20, 0, 0, 0, 0));
  expect(await sides.blocks.read(1)).toEqual(Float32Array.of(3, 0, 30, 0, 0, 0, 0, 0));
  sides.dispose();
});
