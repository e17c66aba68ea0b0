import * as Comlink from "comlink";
import { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import type { Bench, WideOptions } from "./browser.worker.ts";

const worker = new Worker(new URL("./browser.worker.ts", import.meta.url), { type: "module" });
const bench = Comlink.wrap<Bench>(worker);

// scripts/bench.mjs calls these from outside.
Object.assign(globalThis, {
  measure: (provider: "wasm" | "webgpu") => bench.measure(provider, `${location.origin}/`),
  measureForward: (provider: "wasm" | "webgpu", path: string) =>
    bench.measureForward(provider, new URL(path, location.origin).href),
  measureWide: (path: string, options: WideOptions) =>
    bench.measureWide(new URL(path, location.origin).href, options),
  async measureKernels() {
    const { measureKernels } = await import("./kernels.ts");
    const { runtime, description } = await openWebRuntime("webgpu");
    return measureKernels(runtime, description);
  },
});
