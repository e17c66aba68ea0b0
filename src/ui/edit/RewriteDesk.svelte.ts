import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  EditorView,
  EditOrder,
  EditReport,
  FinishedEdit,
  SearchStep,
} from "../../../workers/protocol/protocol.ts";
import { type Compared, runDifferences } from "../../data/run/runDifferences.ts";
import type { DeskHost } from "../jobs/DeskHost.ts";
import { linesOf } from "../parts/linesOf.ts";
import { chosenSettings, plannedSteps } from "./editorSettings.ts";

/** A rewrite on the page: its steps so far, and its end. */
export interface Rewrite {
  editor: EditorView;
  target: string;
  /** How many tokens it has: of several, p is their geometric mean. */
  tokens: number;
  steps: SearchStep[];
  planned: number;
  made: FinishedEdit | null;
}

/** What the session lends. */
export interface RewriteHost extends DeskHost {
  lab(): RemoteLab["editing"];
  /** What the model answers by itself, without edits: what is overwritten, where no true answer was typed. */
  ownAnswer(): Promise<string>;
  /** The model that a run would begin with now. */
  now(): Compared;
  /** Takes a finished edit into the stack. */
  made(finished: FinishedEdit, truth: string): Promise<void>;
}

/** One fact on the page, being rewritten; what was made last stays until another rewrite has ended. */
export class RewriteDesk {
  /** The last that ended. */
  #made = $state.raw<Rewrite | null>(null);
  #running = $state.raw<Rewrite | null>(null);
  /** What is to be seen: the curves of the one under way, or the one that ended last. */
  rewrite = $derived.by(() =>
    this.#host.job.running && this.#running ? this.#running : this.#made,
  );
  /** In what that differs from what the form says now, in words. */
  differences = $derived.by(() => {
    const { made, editor } = this.rewrite ?? {};
    return made ? runDifferences(made.context, this.#now(), editor?.fields) : [];
  });
  readonly #host: RewriteHost;

  constructor(host: RewriteHost) {
    this.#host = host;
  }

  /** Rewrites the fact of the draft. */
  async write() {
    const { draft } = this.#host;
    const model = this.#host.model();
    if (!model) return;
    this.#running = null;
    const found = await this.#host.run("preparing", async (id) => {
      draft.demandSubject();
      const editor = draft.editor(model.editors, false);
      const order = this.#order(editor, model.config.layers);
      const planned = plannedSteps(order.settings as Record<string, unknown>);
      const begun = { editor, target: draft.target, tokens: 1, planned, steps: [], made: null };
      this.#running = begun;
      const truth = order.facts[0].truth ?? (await this.#host.ownAnswer());
      if (truth) order.facts[0].truth = truth;
      const report = this.#host.callback((reports: EditReport[]) => {
        if (this.#host.job.id === id) this.#took(reports);
      });
      const made = await this.#host.lab().edit(id, order, report);
      return { begun: this.#running, truth, made };
    });
    if (!found) return;
    const { begun, made, truth } = found;
    this.#made = { ...begun, steps: made.steps, made };
    this.#running = null;
    await this.#host.made(made, truth);
  }

  /** Another model is open. */
  clear() {
    this.#made = this.#running = null;
  }

  #order(editor: EditorView, layers: number): EditOrder {
    const { draft } = this.#host;
    if (!draft.target.trim())
      throw new Error("no new target: type the answer that the model should give");
    const contexts = linesOf(draft.contextText);
    return {
      editor: editor.name,
      facts: [
        {
          prompt: draft.template!,
          subject: draft.subject,
          target: draft.target,
          truth: draft.truth.trim() || undefined,
        },
      ],
      ...chosenSettings(editor, draft.typed(editor), layers),
      contexts: contexts.length ? contexts : undefined,
    };
  }

  /** What the form says now; without its settings while they cannot be read. */
  #now(): Compared {
    const { draft } = this.#host;
    const model = this.#host.model();
    const { prompt, subject, template, target } = draft;
    // A true answer changes no edit.
    const truth = this.rewrite?.made?.context.fact;
    const fact = { prompt: template ?? prompt, subject, target, truth: truth?.truth };
    const now: Compared = { model: this.#host.now().model, fact };
    if (!model) return now;
    try {
      const editor = draft.editor(model.editors, false);
      const typed = chosenSettings(editor, draft.typed(editor), model.config.layers);
      const { seed, settings } = typed;
      return { ...now, seed, settings: { editor: editor.name, ...(settings as object) } };
    } catch {
      return now;
    }
  }

  #took(reports: EditReport[]) {
    const { job } = this.#host;
    for (const report of reports) {
      if (report.type === "stage") job.progress(0, 0, report.stage);
      if (!this.#running) continue;
      if (report.type === "target") this.#running = { ...this.#running, tokens: report.tokens };
      if (report.type !== "step") continue;
      const steps = [...this.#running.steps, report.step];
      this.#running = { ...this.#running, steps };
      job.progress(steps.length, this.#running.planned, "optimising");
    }
  }
}
