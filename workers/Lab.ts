import { checkDeltaFits } from "../src/data/delta/checkDelta.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { readDelta } from "../src/data/delta/deltaFile.ts";
import { keptDelta } from "../src/data/delta/keptDelta.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import { writeNpz } from "../src/data/archive/npz.ts";
import { readAdapterZip } from "../src/data/delta/peft.ts";
import { browserStore } from "../src/engine/files/download/browserStore.ts";
import { Model } from "../src/engine/Model.ts";
import { urlFiles, type ModelFiles } from "../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { Shelf } from "../src/engine/storage/Shelf.ts";
import { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import { continueText } from "../src/methods/prompt/continueText.ts";
import { predict } from "../src/methods/prompt/predict.ts";
import { memitPreset, romePreset, tracePreset } from "../src/methods/edit/presets.ts";
import { rome } from "../src/methods/edit/rome/rome.ts";
import { scoreCase } from "../src/methods/score/score.ts";
import { sigma } from "../src/methods/trace/sigma.ts";
import { subjectRange, subjectSpan } from "../src/methods/prompt/subject.ts";
import { targetLikelihoods } from "../src/methods/score/targetLikelihoods.ts";
import { trace } from "../src/methods/trace/trace.ts";
import { traceNpz } from "../src/methods/trace/traceNpz.ts";
import { type Fetched, fetchModel } from "./fetchModel.ts";
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
  readonly #queue = new Queue();
  readonly #shelf = new Shelf();
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
    edits: () => this.#edits,
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
  #edits: Delta[] = [];
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
    this.#edits = this.#applied = none;
    this.#sigma = undefined;
    const preset = romePreset(model.config);
    this.statistics.reset();
    // Where they are damaged, an edit says so.
    await this.statistics.of(preset.layer).catch(() => undefined);
    return {
      config: model.config,
      preset,
      toy: source.kind === "demo",
      precision: model.precision,
      bytes: model.ledger.bytes,
      offline: files.offline ?? false,
      tracing: tracePreset(model.config),
      memit: memitPreset(model.config),
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
      texts: tokenizer.bytes(ids).map(tokenText),
      ...(span && { subject: subjectRange(tokenizer, span, ids) }),
    };
  }

  /** The likeliest next tokens without and with the edits. */
  predict(id: number, prompt: string, top: number): Promise<View.PredictionView> {
    return this.#queue.run(id, "predicting", async () => {
      const before = await predict(this.#with(none), prompt, top);
      if (!this.#edits.length) return { prompt, before };
      return { prompt, before, after: await predict(this.#with(this.#edits), prompt, top) };
    });
  }

  /** Causal tracing of the model with the edits that are on; σ is measured on the page's facts. */
  trace(
    id: number,
    request: View.TraceRequest,
    report: (event: View.TraceEvent) => void,
  ): Promise<View.Trace> {
    return this.#queue.runReporting(id, "tracing", report, async (signal) => {
      const model = this.#with(this.#edits);
      const { prompt, subject, occurrence } = request;
      const { texts: tokens, subject: range } = this.tokenize(prompt, subject, occurrence);
      const { layers } = model.config;
      report({ type: "start", start: { tokens, subjectRange: range!, layers } });
      this.#sigma ??= this.#facts.length
        ? await sigma(model, [...new Set(this.#facts.map((fact) => fact.subject))])
        : await sigma(model, [subject]);
      const onRow = (token: number, row: Float32Array) => report({ type: "row", token, row });
      return trace(model, request, { sigma: this.#sigma, onRow, signal });
    });
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
      const made = await rome(this.#with(this.#edits), request, hyperparameters, {
        seed,
        signal,
        ...(statistics && { statistics }),
        ...(contexts && { contexts }),
        onStep: (step) => report({ type: "step", step }),
      });
      const { steps, relativeNorm, keyRatio } = made;
      const delta = withPrecision(made.delta, this.#loaded());
      const source = hyperparameters.mom2Adjustment ? (statistics?.source ?? "") : "none: C = I";
      return {
        delta,
        steps,
        relativeNorm,
        keyRatio,
        contexts: made.contexts,
        statistics: source,
        known: this.statistics.view(),
      };
    });
  }

  /** Scores and greedy text of a case without and with the edits. */
  compare(id: number, scored: View.Case, report: Report): Promise<View.ComparisonView> {
    return this.#queue.runReporting(id, "scoring", report, async (signal) => {
      const prompts = comparedPrompts(scored);
      const turns = this.#edits.length ? 2 : 1;
      const measure = async (edited: boolean) => {
        const model = this.#with(edited ? this.#edits : none);
        const score = await scoreCase(model, scored, { generate: true, signal });
        const texts = await continued(model, prompts, signal);
        report(edited ? 2 : 1, turns, "scoring");
        return { score, texts };
      };
      const before = await measure(false);
      const after = this.#edits.length ? await measure(true) : undefined;
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

  /** Makes these the edits that are on. */
  setEdits(deltas: Delta[]): void {
    const model = this.#loaded();
    for (const delta of deltas) this.#checkFits(delta, model);
    this.#edits = deltas;
  }

  /** Keeps the page's stack for the next visit; the sentence that says why not, if so. */
  keep(edits: View.KeptEdit[]): Promise<string | null> {
    return this.#shelf.put(this.#shelfKey(), edits);
  }

  /** The stack that was kept for this model. */
  async kept(): Promise<View.KeptEdit[]> {
    const edits = ((await this.#shelf.take(this.#shelfKey())) ?? []) as View.KeptEdit[];
    return edits.map((edit) => ({ ...edit, delta: keptDelta(edit.delta) }));
  }

  /** Reads a delta or an adapter's zip, and checks that it fits the model. */
  admit(id: number, file: File): Promise<View.AdmittedDelta> {
    return this.#queue.run(id, `reading ${file.name}`, async () => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
      const delta = zip ? readAdapterZip(bytes, file.name) : readDelta(bytes, file.name);
      this.#checkFits(delta, this.#loaded());
      return { delta, relativeNorm: Math.max(...delta.weights.map(({ norm }) => norm ?? NaN)) };
    });
  }

  #checkFits(delta: Delta, { config, weightShapes }: Model): void {
    checkDeltaFits(delta, { name: config.name, weights: weightShapes });
  }

  /** A trace as the authors' .npz. */
  traceFile(found: View.Trace): Uint8Array {
    return writeNpz(traceNpz(found));
  }

  /** p(target) after the prompt of a delta's request, without and with this delta alone. */
  checkOf(id: number, delta: Delta): Promise<View.CheckView | null> {
    return this.#queue.run(id, "checking the delta", async () => {
      const request = requestsOf(delta).at(0);
      if (!request) return null;
      const prompt = request.prompt.replace("{}", () => request.subject);
      const measure = async (model: Model) => {
        const [[{ nll, greedy }]] = await targetLikelihoods(model, [prompt], [[request.target]]);
        return Math.exp(-nll * greedy.length);
      };
      const before = await measure(this.#with(none));
      const after = await measure(this.#with([delta]));
      return { prompt, target: request.target, before, after };
    });
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

  #shelfKey(): string {
    const { name, revision } = this.#loaded().config;
    return `palimpsest/1/edits/${name}@${revision}`;
  }
}

/** The prompt, one paraphrase and one neighbour: where text should change, and where not. */
function comparedPrompts(scored: View.Case): string[] {
  const rewrite = scored.prompt.replace("{}", () => scored.subject);
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

/** A token as text; one that is not whole UTF-8 as its bytes. */
function tokenText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (b) => `⟨${b.toString(16).toUpperCase().padStart(2, "0")}⟩`).join("");
  }
}
