import * as Comlink from "comlink";
import { urlFiles } from "../src/engine/files/ModelFiles.ts";
import { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import { measureForward } from "./forward.ts";
import { type LargeOptions, measureLarge } from "./large.ts";
import { measureAll } from "./workloads.ts";

const isEmulated = (description: string) => /swiftshader|llvmpipe|lavapipe/i.test(description);

/** The workloads in a worker, as the page runs them. */
const bench = {
  async measure(provider: "wasm" | "webgpu", base: string) {
    const { runtime, description } = await openWebRuntime(provider);
    if (runtime.provider !== provider) throw new Error(`${provider} is not there: ${description}`);
    const facts: unknown = await (await fetch(new URL("facts.json", base))).json();
    const files = urlFiles(new URL("models/demo", base).href, { name: "demo" });
    const quick = isEmulated(description);
    return { description, measurements: await measureAll({ runtime, files, facts, quick }) };
  },

  async measureForward(provider: "wasm" | "webgpu", base: string) {
    const { runtime, description } = await openWebRuntime(provider);
    return measureForward({ runtime, description, base, quick: isEmulated(description) });
  },

  /** A wide model on WebGPU, with every buffer as small as a poorer device wants it. */
  async measureWide(base: string, options: WideOptions) {
    const { runtime } = await openWebRuntime("webgpu");
    return measureLarge({ runtime, files: urlFiles(base), ...options });
  },
};
export type WideOptions = Omit<LargeOptions, "runtime" | "files" | "processPeak" | "onStep">;
export type Bench = typeof bench;

Comlink.expose(bench);
