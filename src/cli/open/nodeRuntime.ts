import * as ort from "onnxruntime-node";
import type { Runtime } from "../../engine/runtime/Runtime.ts";

/**
 * The terminal's runtime: onnxruntime's native CPU provider, with as many threads as it sees cores or
 * as PALIMPSEST_THREADS says. Its threads spin while they wait, so runs side by side want one each.
 */
export function nodeRuntime(): Runtime {
  const threads = Number(process.env.PALIMPSEST_THREADS);
  return { ort, provider: "cpu", threads: threads > 0 ? threads : undefined };
}
