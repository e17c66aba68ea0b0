import { readFile, writeFile } from "node:fs/promises";

/** The npm package `webgpu`, which is Dawn for Node. */
interface Dawn {
  create: (options: string[]) => GPU;
  globals: object;
}

/** Node as the libraries expect a page to be; must be called before they ask for an adapter. */
async function becomePage(): Promise<GPU> {
  const name = "webgpu"; // in a variable, since it is not a dependency: see scripts/bench.mjs
  const { create, globals } = (await import(/* @vite-ignore */ name)) as Dawn;
  const gpu = create([]);
  const navigator = { gpu, userAgent: "Node", hardwareConcurrency: 1 };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  Object.assign(globalThis, globals);
  return gpu;
}

/** A device with all that the adapter allows, and what to call it. */
async function openDevice(gpu: GPU) {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("Dawn finds no adapter here; it needs a Vulkan driver");
  const wanted: GPUFeatureName[] = ["subgroups", "timestamp-query"];
  const { limits, info } = adapter;
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = limits;
  const { maxComputeWorkgroupSizeX, maxComputeWorkgroupSizeY } = limits;
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: {
      maxBufferSize,
      maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY,
    },
  });
  acceptSharedMemory(device.queue);
  const parts = [info.vendor, info.architecture, info.device, info.description];
  return { device, description: `Dawn in Node on ${parts.filter(Boolean).join(" ")}` };
}

/** Dawn's writeBuffer refuses views of shared memory, which is where onnxruntime-web's heap lies: copies them first. */
function acceptSharedMemory(queue: GPUQueue): void {
  const prototype = Object.getPrototypeOf(queue) as {
    writeBuffer: (this: GPUQueue, ...rest: unknown[]) => void;
  };
  const { writeBuffer } = prototype;
  prototype.writeBuffer = function (buffer, offset, data, ...range) {
    if (!(data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer))
      return writeBuffer.call(this, buffer, offset, data, ...range);
    const [first, size] = range as [number?, number?];
    const end = size === undefined ? data.length : (first ?? 0) + size;
    return writeBuffer.call(this, buffer, offset, data.slice(first ?? 0, end));
  };
}

const [wasm, output] = process.argv.slice(2);
const { device, description } = await openDevice(await becomePage());
// Not before: the libraries look for WebGPU when they are loaded.
const ort = await import("onnxruntime-web/webgpu");
const { measureKernels } = await import("./kernels.ts");
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = new Uint8Array(await readFile(wasm)).buffer;
const results = await measureKernels({ ort, provider: "webgpu", device }, description);
await writeFile(output, JSON.stringify(results));
process.exit(0); // Dawn's threads would keep Node
