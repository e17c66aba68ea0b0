import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  ModelView,
  RunContext,
  Trace,
  TraceOrder,
  TraceRun,
} from "../../../workers/protocol/protocol.ts";
import { type Compared, runDifferences } from "../../data/run/runDifferences.ts";
import { settingsText } from "../../data/settings/fieldText.ts";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import { traceFields } from "../../data/trace/traceFields.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import { labelOf } from "../model/precisionText.ts";
import type { DeskHost } from "../jobs/DeskHost.ts";
import type { Kind } from "./heatmap.ts";
import { finishedSet, rowsOf, type TraceSet, withEvent } from "./running.ts";

/** What the session lends. */
export interface TraceHost extends DeskHost {
  lab(): RemoteLab["tracing"];
  /** The model and the edits that a run would begin with now. */
  now(): Compared;
  /** A run has ended. */
  ended?(run: TraceRun): void;
}

const kinds: Kind[] = ["state", "mlp", "attn"];

/** Causal traces on the page: one set of figures of one run, which stays until another has ended. */
export class TraceDesk {
  /** The last run that ended. */
  shown = $state.raw<TraceSet | null>(null);
  /** The one that is under way; what was shown comes back where it fails or is cancelled. */
  running = $state.raw<TraceSet | null>(null);
  /** The figures to be seen. */
  set = $derived.by(() =>
    this.running?.plots && hasPlot(this.running) ? this.running : this.shown,
  );
  /** In what the run that is seen differs from what the form says now, in words. */
  differences = $derived.by(() =>
    this.set ? runDifferences(this.set.context, this.#now(), traceFields) : [],
  );
  readonly #host: TraceHost;

  constructor(host: TraceHost) {
    this.#host = host;
  }

  /** Traces what the form says. */
  async trace() {
    const model = this.#host.model();
    if (!model) return;
    const label = labelOf(model);
    let set: TraceSet | null = null;
    const found = await this.#host.run("tracing", (id) => {
      const order = this.#order(model);
      this.running = null;
      const report = this.#host.callback((event: Parameters<typeof withEvent>[1]) => {
        const { job } = this.#host;
        if (job.id !== id || !job.running) return;
        set = this.running = withEvent(set, event, label);
        if (!set || event.type === "run") return;
        const { done, total } = rowsOf(set, order.kinds.length);
        job.progress(done, total, event.type === "row" ? `tracing ${event.kind}` : undefined);
      });
      return this.#host.lab().run(id, order, report);
    });
    // A later run has taken this one's place.
    if (!found && this.#host.job.running) return;
    if (found) {
      this.shown = finishedSet(found, label);
      this.#host.ended?.(found);
    }
    this.running = null;
  }

  /** Whether a link's settings are the model's own: what else a link asks for is filled in and not begun. */
  isPreset(asked: Partial<Record<string, string>> = {}): boolean {
    const preset = settingsText(traceFields, this.#host.model()!.tracing.settings);
    return traceFields.every(({ name }) => (asked[name] ?? preset[name]) === preset[name]);
  }

  /** A run that was kept, shown again. */
  show(set: TraceSet) {
    this.running = null;
    this.shown = set;
  }

  /** Another model is open: there is nothing to see of it yet. */
  clear() {
    this.running = this.shown = null;
  }

  /** A trace as the authors' .npz. */
  file = (trace: Trace, run: RunContext) => this.#host.lab().file(trace, run);

  #order({ tracing, config }: ModelView): TraceOrder {
    const { draft } = this.#host;
    draft.demandSubject();
    const chosen = kinds.filter((kind) => draft.kinds[kind]);
    if (!chosen.length) throw new Error("nothing to trace: choose state, MLP or attention");
    return {
      prompt: draft.template!,
      subject: draft.subject,
      target: answerOf(draft),
      ...changedSettings(traceFields, draft.traceText, tracing.settings, { layers: config.layers }),
      replace: draft.replace,
      kinds: chosen,
    };
  }

  /** What the form says now, as the context of a run would have it; without its settings while they cannot be read. */
  #now(): Compared {
    const { draft } = this.#host;
    const model = this.#host.model();
    const { prompt, subject, template } = draft;
    const now: Compared = {
      ...this.#host.now(),
      fact: { prompt: template ?? prompt, subject, answer: answerOf(draft) },
    };
    try {
      const settings = model?.tracing.settings;
      if (!settings) return now;
      const read = changedSettings(traceFields, draft.traceText, settings);
      const { seed, ...others } = read;
      return { ...now, seed, settings: { ...others, replace: draft.replace } };
    } catch {
      return now;
    }
  }
}

const hasPlot = ({ plots }: TraceSet) => Object.keys(plots).length > 0;

const answerOf = ({ answer }: Draft) => (answer.trim() ? answer.trim() : undefined);
