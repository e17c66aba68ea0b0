import * as Comlink from "comlink";
import { writeNpz } from "../src/data/archive/npz.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { fillTemplate } from "../src/data/facts/template.ts";
import { architectureOf } from "../src/engine/architecture/architectures.ts";
import { browserStore } from "../src/engine/files/download/browserStore.ts";
import { Model } from "../src/engine/Model.ts";
import { urlFiles, type ModelFiles } from "../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import { continueText } from "../src/methods/prompt/continueText.ts";
import { predict } from "../src/methods/prompt/predict.ts";
import { memitPreset } from "../src/methods/edit/memit/memitPreset.ts";
import { romePreset } from "../src/methods/edit/rome/romePreset.ts";
import { tracePreset } from "../src/methods/trace/tracePreset.ts";
import { rome } from "../src/methods/edit/rome/rome.ts";
import { scoreCase } from "../src/methods/score/score.ts";
import { sigma } from "../src/methods/trace/sigma.ts";
import { subjectRange, subjectSpan } from "../src/methods/prompt/subject.ts";
import { trace } from "../src/methods/trace/trace.ts";
import { traceNpz } from "../src/methods/trace/traceNpz.ts";
import { Edits } from "./Edits.ts";
import { type Fetched, fetchModel } from "./fetchModel.ts";
import { HeldEdits } from "./HeldEdits.ts";
import { MassEditing } from "./MassEditing.ts";
import { Models } from "./Models.ts";
import { nameOf } from "../src/engine/files/openSource.ts";
import type * as View from "./protocol/protocol.ts";
import { releaseCallback } from "./callback.ts";
import { Queue } from "./Queue.ts";
import { Statistics } from "./Statistics.ts";
import { withPrecision } from "./withPrecision.ts";

/** Tokens of greedy text shown after each prompt. */
const CONTINUATION = 12;
const none: Delta[] = [];

type Report = (done: number, total: number, stage: string) => void;

/**
 * Everything the page may ask of the worker. Arguments and results cross threads by copy; a job's
 * number, its first argument, is what {@link Lab.cancel} takes. Jobs run one after the other.
 */
export class Lab {
  readonly #held: Promise<void>;
  readonly #queue = new Queue((work) => (this.#model ? this.#model.frame(work) : work()));
  readonly #edits = new HeldEdits(() => this.#loaded().config);
  /** The edits that the worker holds: switching, keeping, importing, saving. */
  readonly edits = new Edits({
    queue: this.#queue,
    held: this.#edits,
    model: (deltas) => this.#with(deltas),
  });
  /** Covariance statistics: collecting, importing, keeping. */
  readonly statistics = new Statistics({
    queue: this.#queue,
    config: () => this.#loaded().config,
    model: () => this.#with(none),
    files: () => this.#files,
  });
  /** Many facts at once: writing a table of them, and scoring it. */
  readonly mass = new MassEditing({
    queue: this.#queue,
    model: (deltas) => this.#with(deltas),
    held: this.#edits,
    statistics: this.statistics,
  });
  /** Models that could be opened: what they need, and which are kept. */
  readonly models = new Models({
    queue: this.#queue,
    runtime: () => this.#opened(),
    base: () => this.#base,
  });
  #lose!: (reason: string) => void;
  readonly #lost = new Promise<string>((resolve) => (this.#lose = resolve));
  #runtime: Runtime | undefined;
  #base = "";
  #model: Model | undefined;
  #files: ModelFiles | undefined;
  /** The deltas that the model has at the moment. */
  #applied: Delta[] = none;
  #facts: View.Fact[] = [];
  #sigma: number | undefined;

  constructor(held: Promise<void>) {
    this.#held = held;
  }

  /** Opens the runtime. `base` is where the page's own files lie. */
  open(id: number, base: string, preference?: "webgpu" | "wasm"): Promise<View.DeviceView> {
    return this.#queue.run(id, "starting", async () => {
      this.#base = new URL(".", base).href;
      const opened = await openWebRuntime(preference);
      this.#runtime = opened.runtime;
      const { description, fallbackReason } = opened;
      const { provider, device } = opened.runtime;
      void device?.lost.then(({ reason, message }) => {
        if (reason !== "destroyed") this.#lose(`the graphics device was lost: ${message}`);
      });
      return { provider, description, ...(fallbackReason && { notice: fallbackReason }) };
    });
  }

  /** Answers when the worker holds the lock by which the page knows that it lives. */
  started(): Promise<void> {
    return this.#held;
  }

  /** Resolves, with the reason, when the graphics device is gone; never otherwise. */
  lost(): Promise<string> {
    return this.#lost;
  }

  /** The true facts that come with the page. */
  async facts(): Promise<View.Fact[]> {
    const bytes = await urlFiles(this.#base).read("facts.json");
    const { facts } = JSON.parse(new TextDecoder().decode(bytes)) as { facts: View.Fact[] };
    return (this.#facts = facts);
  }

  /**
   * Loads a model in the place of the one before, which stays where loading fails. What can be kept is downloaded first,
   * beside the queue, so that the model before can be used in the meantime.
   */
  async load(
    id: number,
    order: View.ModelOrder,
    report: (progress: View.LoadProgress) => void,
  ): Promise<View.ModelView> {
    const doing = `loading ${nameOf(order.source)}`;
    try {
      return await this.#queue.aside(id, doing, async (stop) => {
        const fetched = await fetchModel(order, this.#base, {
          store: browserStore(),
          signal: stop,
          report,
        });
        return this.#queue.run(id, doing, (signal) => this.#replace(order, fetched, signal));
      });
    } finally {
      releaseCallback(report);
    }
  }

  async #replace(
    { source, precision }: View.ModelOrder,
    { files, report }: Fetched,
    signal: AbortSignal,
  ): Promise<View.ModelView> {
    const model = await Model.load(this.#opened(), files, {
      signal,
      ...(precision && { precision }),
      onProgress: (done, total, tensor) => report({ stage: "converting", done, total, tensor }),
    });
    await this.#model?.dispose();
    this.#model = model;
    this.#files = files;
    this.#applied = none;
    this.#edits.modelChanged();
    this.#sigma = undefined;
    const preset = flat(romePreset(model.config));
    this.statistics.reset();
    // Where they are damaged, an edit says so.
    await this.statistics.of(preset.layer).catch(() => undefined);
    return {
      config: model.config,
      preset,
      family: architectureOf(model.config).title,
      toy: source.kind === "demo",
      precision: model.precision,
      bytes: model.ledger.bytes,
      offline: files.offline ?? false,
      tracing: flat(tracePreset(model.config)),
      memit: flat(memitPreset(model.config)),
      statistics: this.statistics.view(),
    };
  }

  /** The prompt's tokens and where the subject is among them. */
  tokenize(prompt: string, subject?: string, occurrence = 0): View.TokensView {
    const { tokenizer } = this.#loaded();
    const ids = tokenizer.encode(prompt);
    const span = subject ? subjectSpan(prompt, subject, occurrence) : undefined;
    return {
      ids,
      texts: tokenizer.spellings(ids),
      ...(span && { subject: subjectRange(tokenizer, span, ids) }),
    };
  }

  /** The likeliest next tokens without and with the edits. */
  predict(id: number, prompt: string, top: number): Promise<View.PredictionView> {
    return this.#queue.run(id, "predicting", async () => {
      const before = await predict(this.#with(none), prompt, top);
      if (!this.#edits.active.length) return { prompt, before };
      return { prompt, before, after: await predict(this.#with(this.#edits.active), prompt, top) };
    });
  }

  /** Causal tracing of the model with the edits that are on; σ is measured on the page's facts. */
  trace(
    id: number,
    request: View.TraceRequest,
    report: (event: View.TraceEvent) => void,
  ): Promise<View.Trace> {
    return this.#queue.runReporting(id, "tracing", report, async (signal) => {
      const model = this.#with(this.#edits.active);
      return trace(model, request, {
        sigma: await this.#sigmaOf(model, request.subject),
        onStart: (start) => report({ type: "start", start }),
        onRow: (token, row) => report({ type: "row", token, row }),
        signal,
      });
    });
  }

  /** σ of the page's facts; of this subject alone where they could not be read. */
  async #sigmaOf(model: Model, subject: string): Promise<number> {
    if (!this.#facts.length) return sigma(model, [subject]);
    const subjects = [...new Set(this.#facts.map((fact) => fact.subject))];
    return (this.#sigma ??= await sigma(model, subjects));
  }

  /** One ROME edit of the model with the edits that are on. */
  rome(
    id: number,
    order: View.EditOrder,
    report: (event: View.EditEvent) => void,
  ): Promise<View.EditView> {
    return this.#queue.runReporting(id, "rewriting", report, async (signal) => {
      const { request, hyperparameters, seed, contexts } = order;
      const statistics = await this.statistics.of(hyperparameters.layer);
      report({ type: "stage", stage: "sampling contexts, solving for u" });
      const made = await rome(this.#with(this.#edits.active), request, hyperparameters, {
        seed,
        signal,
        ...(statistics && { statistics }),
        ...(contexts && { contexts }),
        onStep: (step) => report({ type: "step", step }),
      });
      const { steps, relativeNorm, keyRatio } = made;
      const delta = withPrecision(made.delta, this.#loaded());
      const source =
        hyperparameters.covariance === "C" ? (statistics?.source ?? "") : "none: C = I";
      const how = { contexts: made.contexts, statistics: source };
      return {
        edit: this.#edits.hold(delta, how),
        steps,
        relativeNorm,
        keyRatio,
        contexts: made.contexts,
        statistics: source,
        atHand: this.statistics.view(),
      };
    });
  }

  /** Scores and greedy text of a case without and with the edits. */
  compare(id: number, scored: View.Case, report: Report): Promise<View.ComparisonView> {
    return this.#queue.runReporting(id, "scoring", report, async (signal) => {
      const prompts = comparedPrompts(scored);
      const turns = this.#edits.active.length ? 2 : 1;
      const measure = async (edited: boolean) => {
        const model = this.#with(edited ? this.#edits.active : none);
        const score = await scoreCase(model, scored, { generate: true, signal });
        const texts = await continued(model, prompts, signal);
        report(edited ? 2 : 1, turns, "scoring");
        return { score, texts };
      };
      const before = await measure(false);
      const after = this.#edits.active.length ? await measure(true) : undefined;
      return {
        case: scored,
        before: before.score,
        ...(after && { after: after.score }),
        text: prompts.map((prompt, i) => ({
          prompt,
          before: before.texts[i],
          ...(after && { after: after.texts[i] }),
        })),
      };
    });
  }

  /** A trace as the authors' .npz. */
  traceFile(found: View.Trace): Uint8Array {
    const bytes = writeNpz(traceNpz(found));
    return Comlink.transfer(bytes, [bytes.buffer as ArrayBuffer]);
  }

  cancel(id: number): void {
    this.#queue.cancel(id);
  }

  #loaded(): Model {
    if (!this.#model) throw new Error("no model is loaded; open one first");
    return this.#model;
  }

  /** The model with these deltas and no other. */
  #with(deltas: Delta[]): Model {
    const model = this.#loaded();
    if (deltas !== this.#applied) model.setDeltas(deltas.flatMap(({ weights }) => weights));
    this.#applied = deltas;
    return model;
  }

  #opened(): Runtime {
    if (!this.#runtime) throw new Error("the runtime is not open; reload the page");
    return this.#runtime;
  }
}

/** A preset as one object. */
const flat = <S>({ settings, source }: { settings: S; source: string }) => ({
  ...settings,
  source,
});

/** The prompt, one paraphrase and one neighbour: where text should change, and where not. */
function comparedPrompts(scored: View.Case): string[] {
  const rewrite = fillTemplate(scored.prompt, scored.subject);
  return [rewrite, ...scored.paraphrases.slice(0, 1), ...scored.neighbours.slice(0, 1)];
}

/** Greedy text after each prompt, without the prompt, to where the model ends its text. */
async function continued(model: Model, prompts: string[], signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  const end = model.tokenizer.decode([model.tokenizer.eos]);
  for (const prompt of prompts) {
    const maxTokens = model.tokenizer.encode(prompt).length + CONTINUATION;
    const [text] = await continueText(model, [prompt], { maxTokens, signal });
    texts.push(text.slice(prompt.length).split(end)[0]);
  }
  return texts;
}
