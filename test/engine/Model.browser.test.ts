import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { urlFiles } from "../../src/engine/files/ModelFiles.ts";
import { openWebRuntime } from "../../src/engine/runtime/webRuntime.ts";
import { checks } from "../support/engine/golden/goldenChecks.ts";
import { checkpoints, type Golden, openGolden } from "../support/engine/golden/goldenModel.ts";

const files = (folder: string) =>
  urlFiles(new URL(`/test/golden/${folder}`, globalThis.location.origin).href);

// One runtime a provider: onnxruntime's WebGPU provider keeps to the first device that it was given.
const runtimes = new Map<string, ReturnType<typeof openWebRuntime>>();
const runtimeOf = (provider: "wasm" | "webgpu") => {
  const runtime = runtimes.get(provider) ?? openWebRuntime(provider);
  runtimes.set(provider, runtime);
  return runtime;
};

const cases = (["wasm", "webgpu"] as const).flatMap((provider) =>
  checkpoints.map((name) => ({ provider, name })),
);

describe.for(cases)("$name on $provider agrees with PyTorch", ({ provider, name }) => {
  let golden: Golden;
  beforeAll(async () => {
    const { runtime } = await runtimeOf(provider);
    golden = await openGolden(runtime, files, name);
    expect(golden.model.runtime.provider).toBe(provider);
  });
  afterAll(() => golden.model.dispose());

  test.for(Object.entries(checks))("%s, and leaves no tensor behind", async ([, check]) => {
    const before = { ...golden.model.ledger };
    await check(golden);
    expect(golden.model.ledger).toEqual(before);
  });
});
