import * as Comlink from "comlink";
import type { Bench } from "./browser.worker.ts";

const worker = new Worker(new URL("./browser.worker.ts", import.meta.url), { type: "module" });
const bench = Comlink.wrap<Bench>(worker);

// scripts/bench.mjs calls this from outside.
Object.assign(globalThis, {
  measure: (provider: "wasm" | "webgpu") => bench.measure(provider, `${location.origin}/`),
});
