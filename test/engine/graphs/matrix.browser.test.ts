import { beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { openWebRuntime } from "../../../src/engine/runtime/webRuntime.ts";
import { checkMatrix, matrixCases } from "./matrixChecks.ts";

describe.for(["wasm", "webgpu"] as const)("on %s", (provider) => {
  let runtime: Runtime;
  beforeAll(async () => {
    ({ runtime } = await openWebRuntime(provider));
    expect(runtime.provider).toBe(provider);
  });

  test.for(Object.entries(matrixCases))(
    "%s: x W + b, its gradient, and W itself",
    async ([, spec], { skip }) => {
      const half = provider === "wasm" || runtime.device!.features.has("shader-f16");
      skip(spec.form === "f16" && !half, "this adapter has no shader-f16");
      await checkMatrix(runtime, spec, provider === "wasm" ? "table" : "operator");
    },
  );
});
