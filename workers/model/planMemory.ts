import type { ModelConfig } from "../../src/engine/architecture/config.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { type Plan, type PlanSuggestion, planPrecisions } from "../../src/methods/memory/plan.ts";
import type { PlanMethod } from "../../src/methods/memory/planJob.ts";
import type { PlannedFile, PrecisionPlan, Suggestion } from "../protocol/modelProtocol.ts";

/** What a plan of memory is made of. */
export interface MemoryRequest {
  config: ModelConfig;
  files: PlannedFile[];
  work: PlanMethod;
}

/** What work on a model would take in every precision, on this runtime's device. */
export function planMemory(
  { config, files, work }: MemoryRequest,
  { provider, device }: Runtime,
): PrecisionPlan[] {
  const plans = planPrecisions({
    config,
    files,
    method: work,
    provider,
    limits: device?.limits,
    features: device?.features.has("shader-f16") ? ["shader-f16"] : [],
  });
  return plans.map(viewOf);
}

function viewOf(plan: Plan): PrecisionPlan {
  const { precision, weights, statistics, activations, scratch, total } = plan;
  const { verdict, reason, suggestion, binds } = plan;
  return {
    precision,
    need: { weights, statistics, activations, scratch, total },
    // Memory that nothing tells of is doubtful only where it is more than is usual.
    level: verdict === "unknown" && suggestion ? "doubtful" : verdict,
    reason,
    suggestion: suggestion && suggestionOf(suggestion),
    binds: Number.isFinite(binds) ? binds : undefined,
  };
}

function suggestionOf({ sentence, precision, model }: PlanSuggestion): Suggestion {
  if (!model) return { sentence, precision };
  const { id, revision } = model;
  return {
    sentence,
    precision,
    source: { kind: "address", address: id, revision: revision === "main" ? undefined : revision },
  };
}
