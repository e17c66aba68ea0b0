import type * as ort from "onnxruntime-common";

export type Provider = "cpu" | "wasm" | "webgpu";

/**
 * What runs the graphs: an onnxruntime module, one of its execution providers and, for `webgpu`,
 * the device that the session and our kernels share. Nothing above the engine knows which it is.
 */
export interface Runtime {
  ort: Pick<typeof ort, "InferenceSession" | "Tensor">;
  provider: Provider;
  device?: GPUDevice;
  /** Threads of one run on the cpu provider; onnxruntime's own choice where absent. */
  threads?: number | undefined;
}
