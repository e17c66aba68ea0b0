import { Model } from "../src/engine/Model.ts";
import type { ModelFiles } from "../src/engine/files/ModelFiles.ts";
import type { Precision } from "../src/engine/checkpoint/precision.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { romePreset } from "../src/methods/edit/rome/romePreset.ts";
import { rome } from "../src/methods/edit/rome/rome.ts";
import { trace } from "../src/methods/trace/trace.ts";

/** One step with a checkpoint of real size: what it took, and what was held at its end. */
export interface LargeStep {
  name: string;
  seconds: number;
  /** Block-token evaluations (engine cost), where the step has any. */
  blockTokens?: number | undefined;
  /** Most bytes of the engine's ledger by then. */
  ledgerPeak: number;
  /** Most bytes that the process has had in memory by then, where the platform tells. */
  processPeak?: number | undefined;
  detail: string;
}

export interface LargeOptions {
  runtime: Runtime;
  files: ModelFiles;
  /** Absent: as the checkpoint is stored. */
  precision?: Precision;
  /** Takes the device for one that binds no more than so many bytes. */
  bindingLimit?: number;
  /** Losses of the edit; absent: the preset's. */
  steps?: number;
  /** Samples of the trace. */
  samples?: number;
  /** Layer of the edit; absent: the preset's. */
  layer?: number;
  /** Edits the bare prompt alone, without sampled contexts before it. */
  bare?: boolean;
  processPeak?: () => number;
  onStep?: (step: LargeStep) => void;
}

const prompt = "{} is in";
const subject = "The Space Needle";

/** Loads a checkpoint, traces one prompt and runs one ROME edit, with C = I: random weights have no statistics. */
export async function measureLarge(options: LargeOptions): Promise<LargeStep[]> {
  const { runtime, files, precision, bindingLimit, processPeak, onStep } = options;
  const steps: LargeStep[] = [];
  let model: Model | undefined;
  const step = async (name: string, work: () => Promise<string>) => {
    const begun = performance.now();
    const before = model?.cost.blockTokens ?? 0;
    const detail = await work();
    const cost = model!.cost.blockTokens;
    const made: LargeStep = {
      name,
      seconds: (performance.now() - begun) / 1000,
      detail,
      blockTokens: cost > before ? cost - before : undefined,
      ledgerPeak: model!.peakBytes,
      processPeak: processPeak?.(),
    };
    steps.push(made);
    onStep?.(made);
  };
  await step("load", async () => {
    const layout = { ...(precision && { precision }), ...(bindingLimit && { bindingLimit }) };
    model = await Model.load(runtime, files, layout);
    const { layers, dModel, dMlp, vocab } = model.config;
    return `${layers} layers, dModel ${dModel}, dMlp ${dMlp}, vocab ${vocab}, ${model.precision}`;
  });
  try {
    await step("state trace", async () => {
      const { tokens, layers } = await trace(model!, {
        prompt,
        subject,
        kind: "state",
        window: 1,
        samples: options.samples ?? 10,
        noise: { kind: "sigma", factor: 3 },
        replace: false,
        seed: 1,
      });
      return `${tokens.length} tokens, ${layers} layers, ${options.samples ?? 10} samples`;
    });
    await step("ROME edit", async () => {
      const { settings: preset, source } = romePreset(model!.config);
      const { steps = preset.steps, layer = preset.layer, bare } = options;
      const settings = { ...preset, steps, layer, covariance: "I" as const };
      const request = { prompt, subject, target: " Florence" };
      const contexts = bare ? { contexts: ["{}"] } : {};
      const made = await rome(model!, request, settings, { seed: 0, ...contexts });
      model!.setDeltas(made.delta.weights);
      const { nll } = made.steps.at(-1)!;
      return `layer ${settings.layer}, ${made.steps.length} losses, ${made.contexts.length} contexts, nll ${made.steps[0].nll.toFixed(3)} to ${nll.toFixed(3)}; settings: ${source}`;
    });
  } finally {
    await model?.dispose();
  }
  return steps;
}
