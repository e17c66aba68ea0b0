import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { urlFiles } from "../../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { openWebRuntime } from "../../src/engine/runtime/webRuntime.ts";
import { checks } from "../support/engine/golden/goldenChecks.ts";
import { type Golden, openGolden } from "../support/engine/golden/goldenModel.ts";
import { openTwins, twinChecks, type Twins } from "../support/engine/precisionChecks.ts";

const files = (folder: string) =>
  urlFiles(new URL(`/test/golden/${folder}`, globalThis.location.origin).href);
const LIMIT = 2400;

// One runtime a provider: onnxruntime's WebGPU provider keeps to the first device that it was given.
const runtimes = new Map<string, Promise<Runtime>>();
const runtimeOf = (provider: "wasm" | "webgpu") => {
  const runtime =
    runtimes.get(provider) ?? openWebRuntime(provider).then((opened) => opened.runtime);
  runtimes.set(provider, runtime);
  return runtime;
};

describe("tiny-gptj on webgpu with every matrix split agrees with PyTorch", () => {
  let golden: Golden;
  beforeAll(async () => {
    const options = { bindingLimit: LIMIT };
    golden = await openGolden(await runtimeOf("webgpu"), files, "tiny-gptj", options);
  });
  afterAll(() => golden.model.dispose());

  test.for(Object.entries(checks))("%s", ([, check]) => check(golden));
});

const cases = [
  { provider: "webgpu", name: "tiny-gptj", precision: "q4", limit: LIMIT },
  { provider: "webgpu", name: "tiny-gpt2", precision: "q8" },
  { provider: "webgpu", name: "tiny-gpt2", precision: "f16" },
  { provider: "wasm", name: "tiny-gpt2", precision: "q4" },
  { provider: "wasm", name: "tiny-gptj", precision: "q8", limit: LIMIT },
  { provider: "wasm", name: "tiny-gptj", precision: "f16" },
  { provider: "webgpu", name: "tiny-neox", precision: "q4", limit: LIMIT },
  { provider: "wasm", name: "tiny-neox", precision: "q8" },
] as const;

describe.for(cases)(
  "$name in $precision on $provider is float32 of its own rounded weights",
  (at) => {
    let twins: Twins | undefined;
    beforeAll(async () => {
      const runtime = await runtimeOf(at.provider);
      const half = at.provider === "wasm" || runtime.device!.features.has("shader-f16");
      if (at.precision === "f16" && !half) return;
      twins = await openTwins(runtime, files(`checkpoints/${at.name}`), at);
    });
    afterAll(() => Promise.all([twins?.model.dispose(), twins?.twin.dispose()]));

    test.for(Object.entries(twinChecks))(
      "%s, and leaves no tensor behind",
      async ([, check], { skip }) => {
        if (!twins) return skip("this adapter has no shader-f16");
        const before = { ...twins.model.ledger };
        await check(twins);
        expect(twins.model.ledger).toEqual(before);
      },
    );
  },
);
