import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { EditSize, RowSize } from "./methodFootprint.ts";
import { PREFIX_TOKENS, STARTERS } from "../edit/memit/memitContexts.ts";
import { memitPreset, romePreset, tracePreset } from "../edit/presets.ts";
import type { TraceKind } from "../trace/trace.ts";

/** What a plan is made for. */
export type PlanMethod = "trace" | "rome" | "memit" | "statistics";

/** How large the job is that is planned, in tokens, rows and layers. */
export interface PlanJob {
  /** Tokens of the prompt. */
  prompt: number;
  /** The first and the last token of the subject. */
  subject: [first: number, last: number];
  /** Tokens of the target. */
  target: number;
  kind: TraceKind;
  window: number;
  samples: number;
  facts: number;
  /** MEMIT's facts that are searched together; by default as many as fit. */
  batch?: number;
  /** The layers that are edited, or whose statistics are collected. */
  layers: readonly number[];
  /** ROME's sampled contexts. */
  contextLengths: readonly (readonly [length: number, count: number])[];
  /** The longest text of a corpus, in tokens. */
  text: number;
}

/** A job as the presets have it, for a prompt of twenty tokens whose subject are its third to seventh. */
export function usualJob(config: ModelConfig, method: PlanMethod): PlanJob {
  const { layer, contextLengths } = romePreset(config);
  const { window, samples } = tracePreset(config);
  const prompt = Math.min(20, Math.max(1, config.positions - 10));
  return {
    prompt,
    subject: [Math.min(2, prompt - 1), Math.min(6, prompt - 1)],
    target: 2,
    kind: "mlp",
    window,
    samples,
    facts: 100,
    contextLengths,
    text: config.positions,
    layers: method === "memit" ? memitPreset(config).layers : [layer],
  };
}

/** ROME's rows: the bare prompt, one row a sampled context, and the essence's. */
export function romeRows(job: PlanJob): EditSize {
  const prefixes = job.contextLengths.flatMap(([length, count]) =>
    Array<number>(count).fill(length),
  );
  return editRowsSize(job, prefixes);
}

/** MEMIT's rows: the bare prompt, five sampled contexts, and the essence's. */
export function memitRows(job: PlanJob): EditSize {
  const prefixes = STARTERS.map(() => PREFIX_TOKENS + 1); // its words, and a full stop
  return editRowsSize(job, prefixes);
}

function editRowsSize({ prompt, subject, target }: PlanJob, prefixes: readonly number[]): EditSize {
  const [first, last] = subject;
  const contexts = [0, ...prefixes].map((prefix): RowSize => {
    return { tokens: prefix + prompt + target - 1, lookup: prefix + last, shared: prefix };
  });
  const length = last - first + 1;
  const essence = { tokens: length + 2, lookup: length - 1 }; // "{subject} is a"
  return { rows: [...contexts, essence], contexts: contexts.length, target };
}

/** The same job made smaller, step by step: fewer samples, shorter texts, fewer facts at once. */
export function smallerJobs(
  method: PlanMethod,
  job: PlanJob,
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
  if (method === "memit")
    return below(Math.min(job.facts, job.batch ?? job.facts), [16, 4, 1]).map((batch) => ({
      change: `${batch} ${batch === 1 ? "fact" : "facts"} at once`,
      job: { batch },
    }));
  return [];
}
