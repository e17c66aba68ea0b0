import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  EditorView,
  EditOrder,
  EditReport,
  FinishedEdit,
  ModelView,
  SearchStep,
} from "../../../workers/protocol/protocol.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import type { Job } from "../parts/Job.svelte.ts";
import { linesOf } from "../parts/linesOf.ts";
import { chosenSettings, plannedSteps } from "./editorSettings.ts";

/** A rewrite on the page: its steps so far, and its end. */
export interface Rewrite {
  editor: EditorView;
  target: string;
  steps: SearchStep[];
  planned: number;
  made: FinishedEdit | null;
}

/** What the session lends. */
export interface RewriteHost {
  lab(): RemoteLab["editing"];
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  job: Job;
  callback<F extends (...values: never[]) => void>(call: F): F;
  model(): ModelView | null;
  draft: Draft;
  /** Takes a finished edit into the stack. */
  made(finished: FinishedEdit): Promise<void>;
}

/** One fact on the page, being rewritten. */
export class RewriteDesk {
  rewrite = $state.raw<Rewrite | null>(null);
  readonly #host: RewriteHost;

  constructor(host: RewriteHost) {
    this.#host = host;
  }

  /** Rewrites the fact of the draft. */
  async write() {
    const { draft } = this.#host;
    const model = this.#host.model();
    if (!model) return;
    const made = await this.#host.run("preparing", (id) => {
      draft.demandSubject();
      const editor = draft.editor(model.editors, false);
      const order = this.#order(editor, model.config.layers);
      const planned = plannedSteps(order.settings as Record<string, unknown>);
      this.rewrite = { editor, target: draft.target, planned, steps: [], made: null };
      const report = this.#host.callback((reports: EditReport[]) => {
        if (this.#host.job.id === id) this.#took(reports);
      });
      return this.#host.lab().edit(id, order, report);
    });
    if (!made) return;
    if (this.rewrite) this.rewrite = { ...this.rewrite, steps: made.steps, made };
    await this.#host.made(made);
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

  #took(reports: EditReport[]) {
    const { job } = this.#host;
    for (const report of reports) {
      if (report.type === "stage") job.progress(0, 0, report.stage);
      if (report.type !== "step" || !this.rewrite) continue;
      const steps = [...this.rewrite.steps, report.step];
      this.rewrite = { ...this.rewrite, steps };
      job.progress(steps.length, this.rewrite.planned, "optimising");
    }
  }
}
