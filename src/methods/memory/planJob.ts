import type { TraceKind } from "../../data/trace/TraceRequest.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { EditJob } from "../edit/Editor.ts";
import { type EditorRegistry, editorOf, editors } from "../edit/editors.ts";
import { tracePreset } from "../trace/tracePreset.ts";

/** What a plan is made for: "trace", "statistics", or an editor by its name. */
export type PlanMethod = string;

/** How large the job is that is planned, in tokens, rows and layers. */
export interface PlanJob extends EditJob {
  kind: TraceKind;
  window: number;
  samples: number;
  /** The layers whose statistics are collected. */
  layers: readonly number[];
  /** The longest text of a corpus, in tokens. */
  text: number;
}

/** The editor that a plan is made for; undefined where it is made for none. */
export const plannedEditor = (method: PlanMethod, registry: EditorRegistry = editors) =>
  method === "trace" || method === "statistics" ? undefined : editorOf(method, registry);

/** A job as the presets have it, for a prompt of twenty tokens whose subject are its third to seventh. */
export function usualJob(
  config: ModelConfig,
  method: PlanMethod,
  registry: EditorRegistry = editors,
): PlanJob {
  const { window, samples } = tracePreset(config).settings;
  // Statistics are collected for the layers that the first editor reads.
  const editor = plannedEditor(method, registry) ?? registry[0];
  const { settings } = editor.preset(config);
  const prompt = Math.min(20, Math.max(1, config.positions - 10));
  return {
    prompt,
    subject: [Math.min(2, prompt - 1), Math.min(6, prompt - 1)],
    target: 2,
    kind: "mlp",
    window,
    samples,
    facts: 100,
    settings,
    text: config.positions,
    layers: editor.statistics(settings),
  };
}

/** The same job made smaller, step by step: fewer samples, shorter texts, or what the editor can do with. */
export function smallerJobs(
  method: PlanMethod,
  job: PlanJob,
  registry: EditorRegistry = editors,
): { change: string; job: Partial<PlanJob> }[] {
  const below = (most: number, sizes: readonly number[]) => sizes.filter((size) => size < most);
  if (method === "trace")
    return below(job.samples, [5, 3, 1]).map((samples) => ({
      change: `${samples} ${samples === 1 ? "sample" : "samples"}`,
      job: { samples },
    }));
  if (method === "statistics")
    return below(job.text, [1024, 512, 256, 128]).map((text) => ({
      change: `texts of at most ${text} tokens`,
      job: { text },
    }));
  return plannedEditor(method, registry)?.smaller?.(job) ?? [];
}
