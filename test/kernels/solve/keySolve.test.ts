import { expect, test } from "vitest";
import { Factor } from "../../../src/kernels/solve/Factor.ts";
import { chooseRoute, solveKeys, type Route } from "../../../src/kernels/solve/keySolve.ts";
import { residualReference } from "../../../src/kernels/solve/residual.reference.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";
import { goldenSystems, relativeError } from "../../support/kernels/solves.ts";

const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

test.for([1e2, 1e4, 1e6].flatMap((condition) => [1, 7, 60].map((columns) => [condition, columns])))(
  "both routes agree at condition %d with %d keys",
  async ([condition, columns]) => {
    const n = 50;
    const c = SymmetricTiles.from(positiveDefinite(n, condition), n, 16);
    const keys = uniform(n * columns, 3);
    const scale = 20;
    const solve = async (route: Route) => {
      const { x, route: taken } = await solveKeys({ c, scale, keys, columns, route });
      expect(taken).toBe(route);
      const sum = { c, scale, ridge: 0, keys: { data: keys, count: columns } };
      const r = residualReference(sum, { b: keys, x, columns });
      expect(norm(r) / norm(keys)).toBeLessThan(1e-10);
      return x;
    };
    const [woodbury, fresh] = [await solve("woodbury"), await solve("fresh")];
    expect(relativeError(woodbury, fresh)).toBeLessThan(1e-8);
  },
);

test.for(goldenSystems(16))(
  "meets LAPACK at condition $condition",
  async ({ c, count, weight, keys, columns, solved }) => {
    for (const route of ["woodbury", "fresh"] as const) {
      const { x } = await solveKeys({ c, scale: weight / count, keys, columns, route });
      expect(relativeError(x, solved)).toBeLessThan(1e-9);
    }
  },
);

test("uses a factor of C at any scale, and its ridge on both routes", async () => {
  const [n, columns] = [30, 4];
  const c = SymmetricTiles.from(positiveDefinite(n, 100), n, 16);
  const keys = uniform(n * columns, 3);
  const factor = await Factor.of(c, { scale: 0.5, ridge: 0.1 });
  const sum = { c, scale: 3, ridge: 0.6, keys: { data: keys, count: columns } };
  for (const route of ["woodbury", "fresh"] as const) {
    const { x } = await solveKeys({ c, scale: 3, keys, columns, factor, route });
    const r = residualReference(sum, { b: keys, x, columns });
    expect(norm(r) / norm(keys)).toBeLessThan(1e-13);
  }
});

test("asks for a factor only where the route needs one", async () => {
  const n = 30;
  const c = SymmetricTiles.from(positiveDefinite(n, 100), n, 16);
  let made = 0;
  const makeFactor = () => {
    made++;
    return Factor.of(c);
  };
  const few = await solveKeys({ c, scale: 1, keys: uniform(n, 1), columns: 1, makeFactor });
  expect([few.route, made]).toEqual(["woodbury", 1]);
  const many = { keys: uniform(n * 40, 1), columns: 40 };
  expect((await solveKeys({ c, scale: 1, ...many, makeFactor })).route).toBe("fresh");
  expect(made).toBe(1);
});

test("the route is the cheaper one by operations", () => {
  const route = (n: number, columns: number, factorAtHand = true, onGpu = false) =>
    chooseRoute({ n, columns, factorAtHand, onGpu });
  expect(route(1000, 1)).toBe("woodbury");
  expect(route(1000, 500)).toBe("woodbury");
  expect(route(1000, 900)).toBe("fresh");
  expect(route(1000, 200, false)).toBe("woodbury");
  expect(route(1000, 500, false)).toBe("fresh");
  expect(route(6400, 50, true, true)).toBe("woodbury");
  expect(route(6400, 1000, true, true)).toBe("fresh");
});

test("refuses what does not fit", async () => {
  const c = SymmetricTiles.from(positiveDefinite(3, 10), 3);
  const system = { c, scale: 1, keys: new Float64Array(4), columns: 2 };
  await expect(solveKeys(system)).rejects.toThrow("invalid keys: 4 numbers (expected 3 × 2 = 6)");
  await expect(solveKeys({ ...system, keys: new Float64Array(6), scale: 0 })).rejects.toThrow(
    "invalid scale: 0 (above 0)",
  );
});
