import type { ModelConfig } from "../../engine/architecture/config.ts";
import { Footprint } from "../../engine/footprint/Footprint.ts";
import type { Host } from "../../engine/checkpoint/layout.ts";
import { loadingBytes } from "../../engine/footprint/loadingBytes.ts";
import type { Precision } from "../../engine/checkpoint/precision.ts";
import { chooseRoute } from "../../kernels/solve/keySolve.ts";
import { factorBytes, covarianceBytes } from "../../kernels/covariance/statisticsBytes.ts";
import { SIDE, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";
import { MOST_BYTES } from "../statistics/covarianceFactor.ts";
import type { EditorRegistry } from "../edit/editors.ts";
import { collectionFootprint, traceFootprint } from "./methodFootprint.ts";
import { type PlanJob, type PlanMethod, plannedEditor } from "./planJob.ts";

/** What a method takes, in bytes. */
export interface PlanNeeds {
  /** Of the matrices and vectors; the engine's ledger after the load. */
  weights: number;
  /** Covariances and their factors, at most: on the GPU, or in main memory where there is none. */
  statistics: number;
  /** What the engine's ledger has beside the weights, at most. */
  activations: number;
  /** An estimate of what onnxruntime takes for itself; on wasm with its copies of what it is fed. */
  scratch: number;
  total: number;
  /** An estimate of the tab's own memory: buffers while loading, and statistics on their way. */
  host: number;
  /** The largest tensor that has to be bound at once. */
  largest: number;
  /** What one heap must hold at once, where the runtime has one. */
  heap: number;
}

/** Which model, where and in what form, for which job. */
export interface PlanSubject {
  config: ModelConfig;
  host: Host;
  precision: Precision;
  method: PlanMethod;
  job: PlanJob;
  editors?: EditorRegistry | undefined;
}

/** @throws as `modelLayout` */
export function planNeeds(subject: PlanSubject): PlanNeeds {
  const { config, host, precision } = subject;
  const on = new Footprint(config, host, precision);
  const weights = on.load();
  const onGpu = host.provider === "webgpu";
  const solved = footprintOf(on, subject);
  const statistics = statisticsOf(subject, solved);
  const scratch = onGpu || host.provider === "cpu" ? on.scratch : on.heap;
  const activations = on.peak - weights;
  const all = { weights, activations, scratch };
  const total = weights + activations + scratch + statistics.device;
  const loading = loadingBytes(config, on.layout);
  return {
    ...all,
    statistics: statistics.device,
    total,
    largest: on.largest,
    heap: on.heap,
    host: Math.max(loading, statistics.host) + (onGpu ? 0 : total),
  };
}

/** What is computed with covariances: sums of so many keys at once, or systems of so many right sides. */
type Solved = { layers: number } & ({ samples: number } | { columns: number });

/** Goes through the method. */
function footprintOf(on: Footprint, { host, method, job, editors }: PlanSubject): Solved {
  if (method === "trace") {
    traceFootprint(on, { ...job, subject: job.subject[0] });
    return { layers: 0, columns: 0 };
  }
  const editor = plannedEditor(method, editors);
  if (editor) {
    const { columns } = editor.footprint(on, job);
    return { layers: editor.statistics(job.settings).length, columns };
  }
  const onGpu = host.provider === "webgpu";
  const { samples } = collectionFootprint(on, { layers: job.layers, longest: job.text, onGpu });
  return { layers: job.layers.length, samples };
}

/** Where C and its factors lie: on the GPU or in float64 in main memory, and what passes through main memory. */
function statisticsOf(
  { config: { dMlp: n }, host }: PlanSubject,
  solved: Solved,
): { device: number; host: number } {
  const { layers } = solved;
  if (layers === 0) return { device: 0, host: 0 };
  const tiles = 4 * tileCount(n, SIDE) * SIDE ** 2;
  if (host.provider === "webgpu") {
    const device = { bindingLimit: bindingLimit(host) };
    if ("samples" in solved) {
      const { peak } = covarianceBytes(device, { n, layers, samples: solved.samples });
      return { device: peak, host: 2 * layers * tiles }; // float64 totals
    }
    const { columns } = solved;
    return { device: factorsPeak(device, { n, columns, layers }), host: layers * tiles };
  }
  if ("samples" in solved)
    return { device: layers * (2 * tiles + 4 * 512 * n), host: layers * tiles };
  return { device: heldFactors(8 * n ** 2, layers) + 8 * n ** 2, host: layers * tiles };
}

/** Factors one layer after the other, of which those that fit `MOST_BYTES` are kept. */
function factorsPeak(
  device: { bindingLimit: number },
  { n, columns, layers }: { n: number; columns: number; layers: number },
): number {
  const route = chooseRoute({ n, columns, factorAtHand: false, onGpu: true });
  if (route === "fresh") return factorBytes(device, { n, columns, keys: columns }).peak;
  const { held, peak } = factorBytes(device, { n, columns });
  return heldFactors(held, layers) + peak;
}

/** What is kept of other layers' factors while the last one is made. */
function heldFactors(bytes: number, layers: number): number {
  const kept = Math.max(1, Math.floor(MOST_BYTES / bytes));
  return bytes * Math.min(kept, layers - 1);
}

/** What the host binds at most. */
export const bindingLimit = ({ device }: Host): number =>
  device
    ? Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)
    : Infinity;
