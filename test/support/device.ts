import { test as base } from "vitest";
import { Gpu } from "../../src/kernels/device/Gpu.ts";

/**
 * A test that gets its own GPUDevice and a `Gpu` over it.
 *
 * Fails on any WebGPU error that the test did not catch itself, and when the test leaves buffers of `gpu` behind.
 * Skipped, with the reason, where there is no adapter.
 */
export const gpuTest = base.extend<{ device: GPUDevice; gpu: Gpu }>({
  device: async ({ skip }, use) => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return skip("no WebGPU adapter here; run with Chromium 113 or later");
    const wanted: GPUFeatureName[] = ["subgroups", "timestamp-query"];
    const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
    const device = await adapter.requestDevice({ requiredFeatures });
    const scopes = ["internal", "out-of-memory", "validation"] as const;
    for (const scope of scopes) device.pushErrorScope(scope);
    await use(device);
    const errors = await Promise.all(scopes.map(() => device.popErrorScope()));
    device.destroy();
    const messages = errors.flatMap((error) => (error ? [error.message] : []));
    if (messages.length > 0) throw new Error(messages.join("\n"));
  },
  gpu: async ({ device }, use) => {
    const gpu = new Gpu(device);
    await use(gpu);
    if (gpu.buffers > 0)
      throw new Error(`${gpu.buffers} buffers (${gpu.bytes} bytes) were not destroyed`);
  },
});
