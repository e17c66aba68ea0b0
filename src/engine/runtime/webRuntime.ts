import * as ort from "onnxruntime-web/webgpu";
import loaderUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import type { Runtime } from "./Runtime.ts";

export interface WebRuntime {
  runtime: Runtime;
  /** What computes, for people: "WebGPU on Apple M2" or "WebAssembly, 8 threads". */
  description: string;
  /** Why it is not WebGPU, where WebGPU was not asked against. */
  fallbackReason?: string | undefined;
}

/**
 * The browser's runtime: WebGPU where a hardware adapter answers, otherwise WebAssembly.
 *
 * A software adapter computes hundreds of times slower than WebAssembly, so it is taken only when
 * asked for by name.
 */
export async function openWebRuntime(preference?: "webgpu" | "wasm"): Promise<WebRuntime> {
  ort.env.wasm.wasmPaths = { mjs: loaderUrl, wasm: wasmUrl };
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  if (preference === "wasm") return wasmRuntime();
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return wasmRuntime("this browser offers no WebGPU adapter");
  if (isSoftware(adapter) && preference !== "webgpu") {
    return wasmRuntime(`WebGPU is only emulated in software here (${nameOf(adapter)})`);
  }
  const device = await openDevice(adapter);
  return {
    runtime: { ort, provider: "webgpu", device },
    description: `WebGPU on ${nameOf(adapter)}`,
  };
}

function wasmRuntime(fallbackReason?: string): WebRuntime {
  const threads = ort.env.wasm.numThreads ?? 1;
  return {
    runtime: { ort, provider: "wasm" },
    description: `WebAssembly, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    fallbackReason,
  };
}

function isSoftware({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(nameOf({ info }));
}

const nameOf = ({ info }: Pick<GPUAdapter, "info">) =>
  [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") ||
  "an unnamed adapter";

/** A device with all that the adapter allows: the defaults bind only 128 MiB. */
function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const wanted: GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } =
    adapter.limits;
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = adapter.limits;
  const { maxComputeWorkgroupSizeX, maxComputeWorkgroupSizeY } = adapter.limits;
  return adapter.requestDevice({
    label: "palimpsest",
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: {
      maxBufferSize,
      maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY,
    },
  });
}
