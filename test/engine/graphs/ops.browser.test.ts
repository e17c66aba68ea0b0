import { beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { openWebRuntime } from "../../../src/engine/runtime/webRuntime.ts";
import { cases, check } from "./cases.ts";

describe.for(["wasm", "webgpu"] as const)("on %s", (provider) => {
  let runtime: Runtime;
  beforeAll(async () => {
    ({ runtime } = await openWebRuntime(provider));
    expect(runtime.provider).toBe(provider);
  });

  test.for(Object.entries(cases))(
    "%s: its gradient agrees with finite differences",
    async ([, op]) => {
      const { slopes } = await check(runtime, op);
      expect(slopes.map((s) => s.analytic)).toBeAllclose(
        slopes.map((s) => s.numeric),
        { rtol: 1e-2, atol: 1e-2 },
      );
    },
  );
});
