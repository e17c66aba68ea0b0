import type { RemoteLab } from "../../../workers/connect.ts";
import type { ComparisonView } from "../../../workers/protocol/protocol.ts";
import { type Compared, runDifferences } from "../../data/run/runDifferences.ts";
import { caseOf } from "../fact/draftCase.ts";
import type { DeskHost } from "../jobs/DeskHost.ts";
import { linesOf } from "../parts/linesOf.ts";

/** What the session lends. */
export interface CompareHost extends DeskHost {
  lab(): RemoteLab["scoring"];
  /** What the model answers by itself, without edits. */
  ownAnswer(): Promise<string>;
  /** The model and the edits that a run would begin with now. */
  now(): Compared;
  /** A comparison has ended. */
  ended?(comparison: ComparisonView): void;
}

/** The case on the page scored without and with the edits; a result stays until another has ended. */
export class CompareDesk {
  comparison = $state.raw<ComparisonView | null>(null);
  /** In what the comparison differs from what the form says now, in words. */
  differences = $derived.by(() =>
    this.comparison ? runDifferences(this.comparison.context, this.#now()) : [],
  );
  readonly #host: CompareHost;

  constructor(host: CompareHost) {
    this.#host = host;
  }

  /** Scores the case with no edit and with the edits that are switched on. */
  async compare() {
    if (!this.#host.model()) return;
    const found = await this.#host.run("scoring", async (id) => {
      const { draft, job } = this.#host;
      draft.demandSubject();
      const own = draft.truth.trim() ? "" : await this.#host.ownAnswer();
      const scored = caseOf(draft, own);
      const truthOf = own ? "model" : "fact";
      const report = this.#host.callback((done: number, total: number, stage: string) => {
        if (job.id === id) job.progress(done, total, stage);
      });
      return this.#host.lab().compare(id, { scored, truthOf }, report);
    });
    if (!found) return;
    this.comparison = found;
    this.#host.ended?.(found);
  }

  /** A comparison that was kept, shown again. */
  show(comparison: ComparisonView) {
    this.comparison = comparison;
  }

  /** Another model is open. */
  clear() {
    this.comparison = null;
  }

  #now(): Compared {
    const { draft } = this.#host;
    const { prompt, subject, template } = draft;
    const truth = draft.truth.trim();
    return {
      ...this.#host.now(),
      fact: {
        prompt: template ?? prompt,
        subject,
        target: draft.target.trim(),
        // Where none is typed it is the model's own, which the prompt tells.
        truth: truth || this.comparison?.context.fact?.truth,
        truthOf: truth ? "fact" : "model",
        paraphrases: linesOf(draft.paraphrases),
        neighbours: linesOf(draft.neighbours),
      },
    };
  }
}
