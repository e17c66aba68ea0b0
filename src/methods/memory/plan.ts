import { architectureOf } from "../../engine/architecture/architectures.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { type KnownModel, knownModels } from "../../engine/architecture/knownModels.ts";
import type { Host } from "../../engine/checkpoint/layout.ts";
import { checkpointBytes } from "../../engine/footprint/loadingBytes.ts";
import { type Precision, precisions } from "../../engine/checkpoint/precision.ts";
import type { Provider } from "../../engine/runtime/Runtime.ts";
import { SIDE, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";
import type { EditorRegistry } from "../edit/editors.ts";
import { bytes } from "../../data/sizes.ts";
import { type PlanJob, type PlanMethod, smallerJobs, usualJob } from "./planJob.ts";
import { bindingLimit, planNeeds, type PlanNeeds } from "./planNeeds.ts";
import { planVerdict, type Verdict } from "./planVerdict.ts";

export type { PlanJob, PlanMethod } from "./planJob.ts";
export type { PlanNeeds } from "./planNeeds.ts";

/** A file and its size in bytes. */
export interface FileSize {
  path: string;
  bytes: number;
}

/** What a plan is made of. */
export interface PlanRequest {
  config: ModelConfig;
  /** Everything that is downloaded; by default one float32 checkpoint of the model's shape. */
  files?: readonly FileSize[];
  precision: Precision;
  method: PlanMethod;
  provider: Provider;
  /** The adapter's, as the device will be asked for; none where nothing is bound. */
  limits?: { maxBufferSize: number; maxStorageBufferBindingSize: number } | undefined;
  /** The adapter's features. */
  features?: Iterable<string>;
  /** Memory of the graphics device (main memory, where there is none), if anything tells it. */
  memory?: number;
  /** What the browser's storage has free. */
  quota?: number;
  /** Where the job differs from the usual one. */
  job?: Partial<PlanJob>;
  /** By default all. */
  editors?: EditorRegistry;
}

/** A smaller choice that would do, and what of the request it changes. */
export interface PlanSuggestion {
  /** "choose q8 (2.1 GB)". */
  sentence: string;
  precision?: Precision;
  /** Hub id, with its revision. */
  model?: { id: string; revision: string };
  job?: Partial<PlanJob>;
}

/** What a job will take, before anything is downloaded. Sizes in bytes. */
export interface Plan extends PlanNeeds {
  precision: Precision;
  method: PlanMethod;
  provider: Provider;
  job: PlanJob;
  download: { files: readonly FileSize[]; bytes: number };
  /** What is kept in the browser's storage: the files, and statistics where they are collected. */
  storage: number;
  /** The largest buffer that the adapter lets a shader use; Infinity where nothing is bound. */
  binds: number;
  /** "unknown" where nothing tells how much memory there is and it is not plainly enough. */
  verdict: Verdict["verdict"];
  /** One sentence. */
  reason: string;
  suggestion?: PlanSuggestion | undefined;
  /** Sentences about what will not be as wished, though the job can be done. */
  warnings: string[];
}

/**
 * What loading a model and running a method will take, and whether it can be done here. Weights,
 * statistics and activations are what the engine's own ledgers will say, within 5 %; scratch and host are estimates.
 */
export function plan(request: PlanRequest): Plan {
  const made = judged(request);
  const { within, ...rest } = made;
  if (within) return rest;
  const suggestion = suggest(request, made);
  return { ...rest, suggestion };
}

/** The same plan in every precision, to be compared. */
export function planPrecisions(request: Omit<PlanRequest, "precision">): Plan[] {
  return precisions.map((precision) => plan({ ...request, precision }));
}

type Judged = Plan & Pick<Verdict, "within">;

function judged(request: PlanRequest): Judged {
  const { config, precision, method, provider, memory, editors } = request;
  const job = { ...usualJob(config, method, editors), ...request.job };
  const host = hostOf(request);
  const { needs, refusal } = needsOf({ config, host, precision, method, job, editors });
  const files = request.files ?? [{ path: "model.safetensors", bytes: checkpointBytes(config) }];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const storage = bytes + (method === "statistics" ? keptStatistics(config, job) : 0);
  const place = { provider, bindingLimit: bindingLimit(host), memory, refusal };
  return {
    ...needs,
    precision,
    method,
    provider,
    job,
    storage,
    binds: place.bindingLimit,
    ...planVerdict(needs, place),
    download: { files, bytes },
    warnings: storageWarnings(storage, request.quota),
  };
}

/** What would be needed also where the engine refuses, so that precisions can be compared. */
function needsOf(subject: Parameters<typeof planNeeds>[0]): { needs: PlanNeeds; refusal?: string } {
  try {
    return { needs: planNeeds(subject) };
  } catch (error) {
    const { provider } = subject.host;
    const host = hostOf({ provider, features: ["shader-f16"] });
    return { needs: planNeeds({ ...subject, host }), refusal: (error as Error).message };
  }
}

function hostOf({
  provider,
  features = [],
  limits,
}: Pick<PlanRequest, "provider" | "features" | "limits">): Host {
  if (provider !== "webgpu") return { provider };
  const unlimited = { maxBufferSize: Infinity, maxStorageBufferBindingSize: Infinity };
  return { provider, device: { features: new Set(features), limits: limits ?? unlimited } };
}

/** Running sums in float64 while they are collected; half of it when they are rounded. */
const keptStatistics = ({ dMlp }: ModelConfig, { layers }: PlanJob): number =>
  8 * layers.length * tileCount(dMlp, SIDE) * SIDE ** 2;

function storageWarnings(storage: number, quota: number | undefined): string[] {
  if (quota === undefined || storage <= quota) return [];
  return [
    `the browser's storage has ${bytes(quota)} free, but keeping this takes ${bytes(storage)}: it can be used, but will be downloaded again next time`,
  ];
}

/** The first smaller choice that would do: a precision, a smaller job, a smaller model. */
function suggest(request: PlanRequest, made: Judged): PlanSuggestion | undefined {
  const isEnough = (plan: Judged) => plan.verdict !== "refused" && plan.within;
  for (const { change, next, ...what } of smallerChoices(request, made)) {
    const found = judged(next);
    if (isEnough(found)) return { sentence: `${change} (${bytes(found.total)})`, ...what };
  }
  return undefined;
}

type Choice = Omit<PlanSuggestion, "sentence"> & { change: string; next: PlanRequest };

function smallerChoices(request: PlanRequest, { job, method, precision }: Judged): Choice[] {
  const fewer = precisions.slice(precisions.indexOf(precision) + 1);
  const jobs = smallerJobs(method, job, request.editors);
  return [
    ...fewer.map((smaller) => ({
      change: `choose ${smaller}`,
      precision: smaller,
      next: { ...request, precision: smaller },
    })),
    ...jobs.map(({ change, job }) => ({
      change: `choose ${change}`,
      job,
      next: { ...request, job: { ...request.job, ...job } },
    })),
    ...smallerModels(request).flatMap((model) =>
      [precision, ...fewer].map((form) => modelChoice(request, model, form)),
    ),
  ];
}

function modelChoice(request: PlanRequest, model: KnownModel, precision: Precision): Choice {
  const { id, revision, config, files } = model;
  const { layers: _, settings: __, ...job } = request.job ?? {};
  const form = precision === request.precision ? "" : ` in ${precision}`;
  return {
    change: `choose ${model.name}${form}`,
    model: { id, revision },
    precision,
    next: { ...request, config, files, precision, job },
  };
}

/** Known models that read the same tokens with fewer parameters, the largest of them first. */
function smallerModels({ config }: PlanRequest): KnownModel[] {
  const size = checkpointBytes(config);
  const { vocabulary } = architectureOf(config);
  const alike = knownModels.filter(
    (model) => architectureOf(model.config).vocabulary === vocabulary,
  );
  return alike.filter((model) => checkpointBytes(model.config) < size).reverse();
}
