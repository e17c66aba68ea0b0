import { bytes } from "../../data/sizes.ts";
import type { PlanNeeds } from "./planNeeds.ts";

/** Whether a job can be done where it is planned. */
export interface Verdict {
  verdict: "fits" | "refused" | "unknown";
  /** Why, in one sentence. */
  reason: string;
  /** Whether it is within what is known, or assumed where nothing is. */
  within: boolean;
}

/** The most that onnxruntime's wasm heap can grow to. */
const WASM_HEAP = 2 ** 32;

/** What every device is taken to have. */
const ANYWHERE = 1e9;

/** What is assumed of a device that does not tell. */
const ASSUMED_MEMORY = 8e9;

/** What is known of the place. */
export interface PlanPlace {
  provider: "cpu" | "wasm" | "webgpu";
  /** What can be bound at once. */
  bindingLimit: number;
  /** Of the graphics device, or main memory where there is none; undefined where nothing tells. */
  memory: number | undefined;
  /** Why the model's matrices cannot lie there, as the engine says it. */
  refusal: string | undefined;
}

/** Compares what is needed with what there is. */
export function planVerdict(needs: PlanNeeds, place: PlanPlace): Verdict {
  const refused = refusalOf(needs, place);
  if (refused) return { verdict: "refused", reason: refused, within: false };
  return memoryVerdict(needs.total, place);
}

function refusalOf(
  { largest, heap, total }: PlanNeeds,
  { provider, bindingLimit, memory, refusal }: PlanPlace,
): string | undefined {
  if (refusal) return refusal;
  if (largest > bindingLimit)
    return `one tensor of ${bytes(largest)} has to be bound at once, and this graphics device binds at most ${bytes(bindingLimit)}`;
  if (provider === "wasm" && heap > WASM_HEAP)
    return `one step needs ${bytes(heap)} in the heap of WebAssembly, which holds at most ${bytes(WASM_HEAP)}`;
  if (memory !== undefined && total > memory)
    return `it takes about ${bytes(total)}, and there are ${bytes(memory)} of ${kindOf(provider)}`;
  return undefined;
}

function memoryVerdict(total: number, { provider, memory }: PlanPlace): Verdict {
  const takes = `it takes about ${bytes(total)}`;
  if (memory !== undefined)
    return {
      verdict: "fits",
      within: true,
      reason: `${takes} of the ${bytes(memory)} of ${kindOf(provider)}`,
    };
  if (total <= ANYWHERE)
    return {
      verdict: "fits",
      within: true,
      reason: `${takes}, and any device is taken to have ${bytes(ANYWHERE)}`,
    };
  const within = total <= ASSUMED_MEMORY;
  const untold =
    provider === "webgpu"
      ? "WebGPU does not tell how much memory a graphics device has"
      : "a browser does not tell how much memory a tab may use";
  const compared = within ? "it would fit" : "it would not fit";
  return {
    verdict: "unknown",
    within,
    reason: `${takes}; ${untold}, and with the ${bytes(ASSUMED_MEMORY)} that are assumed ${compared}`,
  };
}

const kindOf = (provider: PlanPlace["provider"]): string =>
  provider === "webgpu" ? "graphics memory" : "memory";
