import type { Gpu } from "./Gpu.ts";
import type { TuningStore } from "./TuningStore.ts";

/** The fastest of some candidates on a device, and its operations per second. */
export interface Tuned<T> {
  choice: T;
  rate: number;
}

export interface Tuning<T> {
  /** Of the kernel. */
  name: string;
  /** Told apart by their JSON. */
  candidates: readonly T[];
  /** Operations per second of a candidate; throws where it fails on this device. */
  measure: (candidate: T) => Promise<number>;
  /** Default: the Gpu's. */
  store?: TuningStore | undefined;
}

/** What was found on each device since the page was loaded, also where there is no store. */
const found = new WeakMap<GPUDevice, Map<string, Promise<Tuned<unknown>>>>();

/**
 * The fastest candidate on this device: from the store, where one measured on such a device is among the candidates,
 * otherwise measured now and remembered. A store that fails is only not used. Throws where every candidate fails.
 */
export function fastest<T>(gpu: Gpu, tuning: Tuning<T>): Promise<Tuned<T>> {
  const known = found.get(gpu.device) ?? new Map<string, Promise<Tuned<unknown>>>();
  found.set(gpu.device, known);
  let result = known.get(tuning.name);
  if (!result) {
    result = recallOrMeasure(gpu, tuning);
    known.set(tuning.name, result);
    result.catch(() => known.delete(tuning.name));
  }
  return result as Promise<Tuned<T>>;
}

/** Under which key the choice for a kernel on such a device is remembered. */
export function tuningKey(name: string, { adapterInfo, features, limits }: GPUDevice): string {
  const { vendor, architecture, device, description } = adapterInfo;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } = limits;
  const able = [maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize];
  const subgroups = features.has("subgroups") ? "subgroups" : "no subgroups";
  return ["tuning v1", name, vendor, architecture, device, description, ...able, subgroups].join(
    "/",
  );
}

async function recallOrMeasure<T>(gpu: Gpu, tuning: Tuning<T>): Promise<Tuned<T>> {
  const key = tuningKey(tuning.name, gpu.device);
  const { store = gpu.tuning } = tuning;
  const stored = await store?.get(key).catch(() => undefined);
  const recalled = recall(stored, tuning.candidates);
  if (recalled) return recalled;
  const best = await measureAll(tuning);
  await store?.set(key, best).catch(() => undefined);
  return best;
}

/** The candidate that a stored value names, unless it is none of those that there are now. */
function recall<T>(stored: unknown, candidates: readonly T[]): Tuned<T> | undefined {
  if (typeof stored !== "object" || !stored || !("choice" in stored && "rate" in stored)) return;
  const { rate } = stored;
  const choice = candidates.find((one) => JSON.stringify(one) === JSON.stringify(stored.choice));
  if (choice === undefined || typeof rate !== "number" || !(rate > 0)) return;
  return { choice, rate };
}

async function measureAll<T>({ name, candidates, measure }: Tuning<T>): Promise<Tuned<T>> {
  let best: Tuned<T> | undefined;
  let failure: unknown;
  for (const choice of candidates) {
    try {
      const rate = await measure(choice);
      if (!best || rate > best.rate) best = { choice, rate };
    } catch (error) {
      failure ??= error;
    }
  }
  if (!best)
    throw new Error(`no variant of ${name} works on this GPU device: ${String(failure)}`, {
      cause: failure,
    });
  return best;
}
