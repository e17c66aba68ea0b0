import * as Comlink from "comlink";
import { urlFiles } from "../src/engine/ModelFiles.ts";
import { openWebRuntime } from "../src/engine/webRuntime.ts";
import { measureForward } from "./forward.ts";
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
};
export type Bench = typeof bench;

Comlink.expose(bench);
