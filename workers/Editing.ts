import type { Delta } from "../src/data/delta/delta.ts";
import { aboutEdit } from "../src/data/run/runAbout.ts";
import type { RunContext } from "../src/data/run/RunContext.ts";
import type { Model } from "../src/engine/Model.ts";
import { type ShelfSize, VectorShelf } from "../src/engine/storage/VectorShelf.ts";
import type { Edit, EditContext, Editor, ValueCache } from "../src/methods/edit/Editor.ts";
import { editorOf, type EditorRegistry, editors } from "../src/methods/edit/editors.ts";
import { withSettings, writeEdit } from "../src/methods/edit/writeEdit.ts";
import { targetIds } from "../src/methods/prompt/targetIds.ts";
import { perplexity } from "../src/methods/score/perplexity.ts";
import { targetAnswers } from "../src/methods/score/targetAnswers.ts";
import { Bundle } from "./Bundle.ts";
import { contextOf, type Frozen } from "./run/Frozen.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type {
  EditOrder,
  EditReport,
  FinishedEdit,
  MissingStatistics,
} from "./protocol/editProtocol.ts";
import type { Queue } from "./Queue.ts";
import type { Statistics } from "./Statistics.ts";

/** What the Lab lends: its queue of jobs, the model that is open, the edits that it holds, and its statistics. */
export interface EditingHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: HeldEdits;
  statistics: Pick<Statistics, "of" | "has" | "view" | "fileOf">;
}

/** One run: where its reports go, and its two ends. */
interface Run {
  /** What was on when it was asked for. */
  frozen: Frozen;
  context: RunContext;
  bundle: Bundle<EditReport>;
  /** Stop, and write what is found. */
  enough: AbortSignal;
  /** Stop, and forget it. */
  signal: AbortSignal;
}

/** The Lab's jobs that write facts, one or many, with any editor. */
export class Editing {
  readonly #host: EditingHost;
  readonly #values: ValueCache & Pick<VectorShelf, "size" | "clear" | "trouble">;
  readonly #editors: EditorRegistry;
  readonly #running = new Map<number, AbortController>();

  constructor(host: EditingHost, values = new VectorShelf(), registry = editors) {
    this.#host = host;
    this.#values = values;
    this.#editors = registry;
  }

  /**
   * Writes facts into the model with the edits that are on. The edit is held, and not switched on.
   *
   * @throws one sentence, before anything is searched for, where a layer has no statistics
   */
  edit(
    id: number,
    order: EditOrder,
    report: (reports: EditReport[]) => void,
  ): Promise<FinishedEdit> {
    const frozen = this.#host.held.freeze();
    const task =
      order.facts.length === 1
        ? { doing: "rewriting", urgency: "short" as const }
        : { doing: "writing the facts", urgency: "turn" as const };
    const work = async (signal: AbortSignal) => {
      const enough = new AbortController();
      this.#running.set(id, enough);
      const bundle = new Bundle(report);
      try {
        const model = this.#host.model(frozen.deltas);
        const context = await contextOf(frozen, model, aboutEdit(order));
        const run = { frozen, context, bundle, enough: enough.signal, signal };
        const editor = editorOf(order.editor, this.#editors);
        const { layers, instead } = await this.#missing(editor, order.settings);
        if (layers.length) throw new Error(missingSentence(layers, instead));
        return await (order.answers
          ? this.#measured(editor, order, run)
          : this.#written(editor, order, run));
      } finally {
        bundle.flush();
        this.#running.delete(id);
      }
    };
    return this.#host.queue.runReporting(id, task, report, work);
  }

  /** Ends the search of a run; it writes what is found by then. */
  keepFound(id: number): void {
    this.#running.get(id)?.abort();
  }

  /** What statistics a run with these settings would lack; asked without waiting for a turn. */
  missing(editor: string, settings: object): Promise<MissingStatistics> {
    return this.#missing(editorOf(editor, this.#editors), settings);
  }

  /** How many found states this browser keeps. */
  keptValues(): Promise<ShelfSize> {
    return this.#values.size();
  }

  /** Forgets them. */
  forgetValues(): Promise<void> {
    return this.#values.clear();
  }

  async #missing(editor: Editor, settings: object): Promise<MissingStatistics> {
    const layers: number[] = [];
    for (const layer of editor.statistics(settings))
      if (!(await this.#host.statistics.has(layer))) layers.push(layer);
    return { layers, instead: layers.length ? insteadOf(editor, settings) : undefined };
  }

  /** The facts' answers before the run, the run, and their answers after. */
  async #measured(editor: Editor, order: EditOrder, run: Run): Promise<FinishedEdit> {
    const { bundle, signal } = run;
    const active = run.frozen.deltas;
    const { facts } = order;
    // Where they go one by one the editor measures it as it goes.
    const neutral = editor.facts === "many" ? (order.neutral?.texts ?? []) : [];
    const ask = async (model: Model) => ({
      answers: await targetAnswers(model, facts, signal),
      perplexity: neutral.length > 0 ? await perplexity(model, neutral, signal) : NaN,
    });
    bundle.add({ type: "stage", stage: "asking the model for every fact" }, true);
    const before = await ask(this.#host.model(active));
    bundle.add({ type: "before", answers: before.answers }, true);
    const made = await this.#written(editor, order, run);
    bundle.add({ type: "stage", stage: "asking the model for every fact again" }, true);
    const delta = await this.#host.held.find(made.edit.id);
    const model = this.#host.model([...active, delta]);
    try {
      const after = await withSettings(editor, model.config, order.settings, () => ask(model));
      const { perplexity } = before;
      return {
        ...made,
        answers: { before: before.answers, after: after.answers },
        perplexity:
          neutral.length > 0 ? { before: perplexity, after: after.perplexity } : undefined,
      };
    } finally {
      this.#host.model(active);
    }
  }

  async #written(editor: Editor, order: EditOrder, run: Run): Promise<FinishedEdit> {
    const { bundle, enough, signal } = run;
    const { facts, settings, seed, contexts, neutral } = order;
    const model = this.#host.model(run.frozen.deltas);
    const at: EditContext = {
      seed,
      contexts,
      neutral,
      enough,
      signal,
      values: this.#reporting(bundle),
      statistics: (layer) => this.#host.statistics.of(layer),
      onEvent: (event) => bundle.add(event, event.type === "stage" || event.type === "layer"),
    };
    const edit = { facts, settings, at, beneath: run.frozen.deltas };
    if (facts.length === 1) {
      const tokens = targetIds(model.tokenizer, facts[0].target).length;
      bundle.add({ type: "target", tokens });
    }
    return this.#finished(await writeEdit(editor, model, edit), run.context);
  }

  async #finished(made: Edit, context: RunContext): Promise<FinishedEdit> {
    const { delta, written, searches, contexts, statistics, measures } = made;
    delta.provenance.created = new Date().toISOString();
    return {
      context,
      edit: await this.#host.held.hold(delta),
      written,
      steps: searches.length === 1 ? searches[0].steps : [],
      contexts: contexts.flat().length,
      statistics: statistics.map((used) => {
        const file = this.#host.statistics.fileOf(used.layer);
        return file === undefined ? used : { ...used, file };
      }),
      measures,
      atHand: this.#host.statistics.view(),
    };
  }

  /** The kept states; the first that cannot be kept is reported. */
  #reporting(bundle: Bundle<EditReport>): ValueCache {
    let said = false;
    return {
      get: (name) => this.#values.get(name),
      set: async (name, value) => {
        await this.#values.set(name, value);
        const { trouble } = this.#values;
        if (trouble && !said) bundle.add({ type: "notice", notice: trouble });
        said ||= trouble !== undefined;
      },
    };
  }
}

/** What an editor could do without the statistics: another choice that reads none, or other layers. */
function insteadOf(editor: Editor, settings: object): string | undefined {
  for (const field of editor.fields) {
    if (field.kind.type !== "choice") continue;
    for (const [value, label] of field.kind.choices) {
      const other = { ...settings, [field.name]: value };
      if (editor.statistics(other).length) continue;
      return `choose “${label}” under ${field.label}`;
    }
  }
  const several = editor.fields.find(({ kind }) => kind.type === "layers");
  return several && "choose layers that have some";
}

function missingSentence(layers: number[], instead: string | undefined): string {
  const some = layers.length === 1 ? "layer" : "layers";
  const named = layers.join(", ");
  const way = instead ? `, or ${instead}` : "";
  return `no covariance statistics of ${some} ${named}; import or collect them under “Covariance statistics” first${way}`;
}
