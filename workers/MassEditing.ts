import { combine } from "../src/data/delta/combine.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import type { TableFact } from "../src/data/facts/factTable.ts";
import type { Model } from "../src/engine/Model.ts";
import { type ShelfSize, VectorShelf } from "../src/engine/storage/VectorShelf.ts";
import { memit } from "../src/methods/edit/memit/memit.ts";
import { romeSequence } from "../src/methods/edit/rome/romeSequence.ts";
import { scoreCase, summarise } from "../src/methods/score/score.ts";
import { type TargetAnswer, targetAnswers } from "../src/methods/score/targetAnswers.ts";
import { changeNorm } from "../src/methods/edit/norm.ts";
import type { ValueCache } from "../src/methods/edit/Editor.ts";
import { Bundle } from "./Bundle.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import { withPrecision } from "./withPrecision.ts";
import type {
  MassEvent,
  MassLayer,
  MassOrder,
  MassView,
  TableScore,
  TableScoreView,
} from "./protocol/protocol.ts";
import type { Queue } from "./Queue.ts";
import type { Statistics } from "./Statistics.ts";

/** What the Lab lends: its queue of jobs, the model that is open, and its statistics. */
export interface MassHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: HeldEdits;
  statistics: Pick<Statistics, "of" | "has" | "view">;
}

type Order<M> = Extract<MassOrder, { method: M }>;

/** One run: where its reports go, and its two ends. */
interface Run {
  bundle: Bundle<MassEvent>;
  /** Stop, and write what is found. */
  enough: AbortSignal;
  /** Stop, and forget it. */
  signal: AbortSignal;
}

/** What a run came to, before it is measured. */
type Written = Pick<MassView, "relativeNorm" | "layers" | "written"> & { delta: Delta };

/** Facts whose scores are taken together. */
const CHUNK = 32;

/** The Lab's jobs on a table of facts: writing them all, and scoring them all. */
export class MassEditing {
  readonly #host: MassHost;
  readonly #values: ValueCache & Pick<VectorShelf, "size" | "clear" | "trouble">;
  readonly #running = new Map<number, AbortController>();

  constructor(host: MassHost, values = new VectorShelf()) {
    this.#host = host;
    this.#values = values;
  }

  /**
   * Writes the facts into the model with the edits that are on. Answers what was made; nothing is switched on.
   *
   * @throws one sentence, before anything is searched for, where a layer has no statistics
   */
  write(id: number, order: MassOrder, report: (events: MassEvent[]) => void): Promise<MassView> {
    return this.#host.queue.runReporting(id, "writing the facts", report, async (signal) => {
      const enough = new AbortController();
      this.#running.set(id, enough);
      const run = { bundle: new Bundle(report), enough: enough.signal, signal };
      try {
        await this.#demandStatistics(order);
        const made = await this.#measured(order, run);
        const { delta: found, ...rest } = made;
        const delta = withPrecision(found, this.#host.model(this.#host.held.active));
        const edit = this.#host.held.hold(delta);
        return { ...rest, edit, atHand: this.#host.statistics.view() };
      } finally {
        run.bundle.flush();
        this.#running.delete(id);
      }
    });
  }

  /** Ends the search of a run; it writes what is found by then. */
  keepFound(id: number): void {
    this.#running.get(id)?.abort();
  }

  /** Which of these layers have no statistics; asked without waiting for a turn. */
  async missing(layers: number[]): Promise<number[]> {
    const missing: number[] = [];
    for (const layer of layers) if (!(await this.#host.statistics.has(layer))) missing.push(layer);
    return missing;
  }

  /** Scores every fact with no edit and with the edits that are on. */
  score(
    id: number,
    facts: TableFact[],
    report: (done: number, total: number) => void,
  ): Promise<TableScoreView> {
    return this.#host.queue.runReporting(id, "scoring the table", report, async (signal) => {
      const edits = this.#host.held.active;
      const total = facts.length * (edits.length ? 2 : 1);
      const onDone = (done: number) => report(done, total);
      const before = await scoreTable(this.#host.model([]), facts, { onDone, signal });
      if (!edits.length) return { before };
      const later = (done: number) => onDone(facts.length + done);
      const model = this.#host.model(edits);
      return { before, after: await scoreTable(model, facts, { onDone: later, signal }) };
    });
  }

  /** How many found states this browser keeps. */
  kept(): Promise<ShelfSize> {
    return this.#values.size();
  }

  /** Forgets them. */
  forget(): Promise<void> {
    return this.#values.clear();
  }

  async #demandStatistics({ method, hyperparameters }: MassOrder) {
    if (method === "sequence" && hyperparameters.covariance === "I") return;
    const layers = method === "memit" ? hyperparameters.layers : [hyperparameters.layer];
    const missing = await this.missing(layers);
    if (missing.length) throw new Error(missingStatistics(method, missing));
  }

  /** The facts' answers before the run, the run, and their answers after. */
  async #measured(
    order: MassOrder,
    run: Run,
  ): Promise<Written & Pick<MassView, "before" | "after">> {
    const { bundle, signal } = run;
    const edits = this.#host.held.active;
    bundle.add({ type: "stage", stage: "asking the model for every fact" }, true);
    const before = await targetAnswers(this.#host.model(edits), order.facts, signal);
    bundle.add({ type: "before", answers: before }, true);
    const made =
      order.method === "memit" ? await this.#memit(order, run) : await this.#sequence(order, run);
    bundle.add({ type: "stage", stage: "asking the model for every fact again" }, true);
    const after = await this.#answersWith([...edits, made.delta], order, signal);
    return { ...made, before, after };
  }

  async #answersWith(deltas: Delta[], { facts }: MassOrder, signal: AbortSignal) {
    const model = this.#host.model(deltas);
    try {
      return await targetAnswers(model, facts, signal);
    } finally {
      this.#host.model(this.#host.held.active);
    }
  }

  async #memit(order: Order<"memit">, run: Run): Promise<Written> {
    const { facts, hyperparameters, seed } = order;
    const { bundle, enough, signal } = run;
    const sources = new Map<number, string>();
    const made = await memit(this.#host.model(this.#host.held.active), facts, hyperparameters, {
      seed,
      enough,
      signal,
      values: this.#reporting(bundle),
      statistics: async (layer) => {
        const found = await this.#host.statistics.of(layer);
        if (!found) throw new Error(missingStatistics("memit", [layer]));
        sources.set(layer, found.source);
        return found;
      },
      onEvent: (event) => {
        if (event.type !== "edited") bundle.add(event, ["stage", "layer"].includes(event.type));
      },
    });
    const { delta, relativeNorm, written } = made;
    const layers = made.layers.map(({ layer, residual }, i) => ({
      layer,
      residual,
      relativeNorm: delta.weights[i].norm!,
      statistics: sources.get(layer)!,
    }));
    return { delta, relativeNorm, written, layers };
  }

  async #sequence(order: Order<"sequence">, run: Run): Promise<Written> {
    const { facts, hyperparameters, seed, neutral, every } = order;
    const { bundle, enough, signal } = run;
    const model = this.#host.model(this.#host.held.active);
    bundle.add({ type: "stage", stage: "perplexity of the neutral text" }, true);
    let source = "none: C = I";
    const made = await romeSequence(model, facts, hyperparameters, {
      seed,
      neutral,
      every,
      enough,
      signal,
      onStart: (start) => {
        bundle.add({ type: "perplexity", perplexity: start });
        bundle.add({ type: "stage", stage: "rewriting one fact after the other" }, true);
      },
      statistics: async (layer) => {
        const found = await this.#host.statistics.of(layer);
        if (found && hyperparameters.covariance === "C") source = found.source;
        return found;
      },
      onStep: (step) => bundle.add({ type: "edited", step }),
    });
    if (!made.written.length)
      throw new Error("no fact was written: the run ended before any was rewritten");
    const { delta, relativeNorm } = together(made.delta, made.steps[0].relativeNorm);
    const { layer } = hyperparameters;
    const layers: MassLayer[] = [{ layer, relativeNorm, statistics: source }];
    return { delta, relativeNorm, layers, written: made.written };
  }

  /** The kept z's; the first that cannot be kept is reported. */
  #reporting(bundle: Bundle<MassEvent>): ValueCache {
    let said = false;
    return {
      get: (name) => this.#values.get(name),
      set: async (name, z) => {
        await this.#values.set(name, z);
        const { trouble } = this.#values;
        if (trouble && !said) bundle.add({ type: "notice", notice: trouble });
        said ||= trouble !== undefined;
      },
    };
  }
}

function missingStatistics(method: MassOrder["method"], layers: number[]): string {
  const some = layers.length === 1 ? `layer ${layers[0]}` : `layers ${layers.join(", ")}`;
  const instead = method === "sequence" ? ", or choose the identity as covariance" : "";
  return `no covariance statistics of ${some}; import or collect them under “Covariance statistics” first${instead}`;
}

/**
 * The edits of a sequence as one entry per weight, with the norm of their sum. The first edit's own norm tells ‖W‖.
 */
function together(delta: Delta, firstNorm: number): { delta: Delta; relativeNorm: number } {
  const [first] = delta.weights;
  const weight = changeNorm(first.change) / firstNorm;
  const weights = combine(delta.weights).map((entry) => ({
    ...entry,
    norm: changeNorm(entry.change) / weight,
  }));
  const relativeNorm = Math.max(...weights.map(({ norm }) => norm));
  return { delta: { ...delta, weights }, relativeNorm };
}

async function scoreTable(
  model: Model,
  facts: TableFact[],
  { onDone, signal }: { onDone: (done: number) => void; signal: AbortSignal },
): Promise<TableScore> {
  const answers: TargetAnswer[] = [];
  const scores: Awaited<ReturnType<typeof scoreCase>>[] = [];
  for (let at = 0; at < facts.length; at += CHUNK) {
    const some = facts.slice(at, at + CHUNK);
    answers.push(...(await targetAnswers(model, some, signal)));
    for (const [i, { case: known }] of some.entries()) {
      signal.throwIfAborted();
      if (known) scores.push(await scoreCase(model, known, { signal }));
      onDone(at + i + 1);
    }
  }
  return { answers, ...(scores.length && { summary: summarise(scores) }) };
}
