import type * as ort from "onnxruntime-common";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";

/** The same checkpoint in transformers.js. */
export interface TransformersPeer {
  /** Logits of every position [token, vocab], which is all that it can give. */
  logits(ids: readonly number[]): Promise<Float32Array>;
  dispose(): Promise<unknown>;
}

/**
 * Opens `{base}peer/onnx/model.onnx` with transformers.js, on our runtime's provider, device and threads: its
 * onnxruntime-web is the one that the engine has, aligned by package.json's "overrides".
 */
export async function openTransformers(runtime: Runtime, base: string): Promise<TransformersPeer> {
  const { provider, device, ort: shared } = runtime;
  const { AutoModelForCausalLM, env, Tensor } = await import("@huggingface/transformers");
  checkShared(shared as typeof ort, env.backends.onnx);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = base;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  const model = await AutoModelForCausalLM.from_pretrained("peer", {
    dtype: "fp32",
    device: provider === "wasm" ? "wasm" : "webgpu",
    session_options: { executionProviders: [device ? { name: "webgpu", device } : "wasm"] },
  });
  const row = (values: bigint[]) =>
    new Tensor("int64", BigInt64Array.from(values), [1, values.length]);
  return {
    async logits(ids) {
      const outputs = (await model.forward({
        input_ids: row(ids.map(BigInt)),
        attention_mask: row(ids.map(() => 1n)),
      })) as Record<string, { data: Float32Array; dispose(): void }>;
      const { logits, ...present } = outputs;
      // Keys and values stay on the device until they are thrown away.
      for (const tensor of Object.values(present)) tensor.dispose();
      return logits.data;
    },
    dispose: () => model.dispose(),
  };
}

/** Two copies would have two wasm heaps, two thread pools and two settings. */
function checkShared(ours: typeof ort, theirs: { wasm?: unknown }): void {
  if (theirs.wasm !== ours.env.wasm) {
    throw new Error("transformers.js brought an onnxruntime-web of its own; align the versions");
  }
}
