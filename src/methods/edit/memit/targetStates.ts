import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Continuation } from "../../../engine/transformer/Continuation.ts";
import type { Kept } from "../../../engine/transformer/Kept.ts";
import type { Model } from "../../../engine/Model.ts";
import { type ContextRows, type ContextRun, runContext } from "../contextRuns.ts";
import { type EditRows, editRows } from "../editRows.ts";
import type { EditRequest } from "../editRequest.ts";
import type { SearchGoal } from "../Objective.ts";
import type { RowNoise } from "../subjectNoise.ts";
import type { FactToken } from "../../prompt/subject.ts";
import {
  type ValueLoss,
  ValueSearch,
  type ValueSettings,
  type ValueStep,
} from "../search/valueSearch.ts";

/** What {@link targetStates} needs beside the facts. */
export interface StateProblem extends ValueSettings, SearchGoal, Stoppable {
  /** The layer whose output z replaces: the last one that is edited. */
  layer: number;
  factToken: FactToken;
  /** Templates with one `{}` each; the first one's state is the initial z. */
  contexts: string[];
  /** Facts that are optimised together. Default: as many as the memory of a small device holds. */
  batch?: number | undefined;
  onStep?: (fact: number, step: ValueStep) => void;
  /** As soon as one fact's z is found. */
  onFact?: (fact: number, found: FactState) => void;
  /** Ends the search with what is found by then. */
  enough?: AbortSignal | undefined;
}

/** The state that recalls one fact: z [dModel], and how it was found. */
export interface FactState {
  z: Float64Array;
  steps: ValueStep[];
}

/** Continuations are opened anew, without the facts that are done, when this share of them is left. */
const REOPEN = 0.75;

/**
 * MEMIT's z for many facts (METHODS 5.2; MEMIT eq. 16): per fact the output of a layer at the subject that makes the
 * model say the target under every context, while the essence row's distribution at the subject stays. As ROME's v*,
 * but for h instead of m. Facts are optimised side by side: what lies below the layer and before the subject is
 * computed once, prefixes once for all facts, and facts that are done leave the batch.
 *
 * @returns in the order of the facts; undefined for those that `enough` came before
 * @throws one sentence for a target that is empty or a row that is longer than the model's context
 */
export async function targetStates(
  model: Model,
  facts: EditRequest[],
  problem: StateProblem,
): Promise<(FactState | undefined)[]> {
  const { contexts, factToken, objective } = problem;
  const how = { contexts, factToken, noise: objective?.noise };
  const rows = facts.map((fact) => editRows(model, fact, how));
  const found: (FactState | undefined)[] = facts.map(() => undefined);
  // Rows of a batch are as wide as the widest: facts of like width go together.
  const order = facts.map((_, i) => i).sort((a, b) => widthOf(rows[a]) - widthOf(rows[b]));
  const size = problem.batch ?? batchSize(model, problem.layer);
  for (let at = 0; at < order.length && !problem.enough?.aborted; at += size) {
    const some = order.slice(at, at + size);
    const batch = await Batch.open(
      model,
      some.map((i) => rows[i]),
      problem,
    );
    try {
      await batch.search((b, search) => {
        const step = search.steps[search.steps.length - 1];
        problem.onStep?.(some[b], step);
        if (!search.done) return;
        const state = { z: search.value, steps: search.steps };
        found[some[b]] = state;
        problem.onFact?.(some[b], state);
      });
    } finally {
      batch.dispose();
    }
  }
  return found;
}

/** Facts whose saved activations stay within some hundred MiB: they grow with the layers above and dMlp. */
export function batchSize({ config }: Pick<Model, "config">, layer: number): number {
  const perFact = Math.max(1, config.layers - 1 - layer) * config.dMlp;
  return Math.max(1, Math.min(64, Math.floor(3e6 / perFact)));
}

/** Positions from the lookup on, which every step computes. */
const widthOf = ({ tokens, lookups }: EditRows): number => tokens[0].length - lookups[0];

/** One context of a batch: what the kept run holds, and where each fact's targets are. */
interface Column {
  kept: Kept;
  lookups: number[];
  /** Per fact: the positions that predict its target's tokens; none for the essence. */
  targets: { token: number; target: number }[][];
}

/** Some facts' rows of one column, resumed. */
interface Part {
  column: number;
  facts: number[];
  continuation: Continuation;
}

/** All columns of the facts that were active when they were opened. */
interface Opened {
  facts: number[];
  parts: Part[];
}

/** A part of fewer facts is not worth a run of its own; its rows are padded to the next width instead. */
const LEAST = 8;

/** Facts that are optimised together. */
class Batch {
  readonly #model: Model;
  readonly #problem: StateProblem;
  readonly #searches: ValueSearch[];
  readonly #columns: Column[];
  /** log p [fact, vocab] at the essence rows' lookups. */
  readonly #reference: Float32Array;
  readonly #targetLengths: number[];

  static async open(model: Model, rows: EditRows[], problem: StateProblem): Promise<Batch> {
    const runs: ContextRun[] = [];
    try {
      const { columns, essence } = columnsOf(rows);
      for (const column of columns) runs.push(await runColumn(model, column, problem));
      const last = await runEssence(model, essence, problem);
      runs.push(last);
      const kept = [...columns, { ...essence, targets: rows.map(() => []) }].map((column, c) => ({
        kept: runs[c].kept!,
        lookups: column.lookups,
        targets: column.targets,
      }));
      const initial = runs[0].watched[0];
      return new Batch(model, problem, { rows, initial, columns: kept, reference: last.readout });
    } catch (error) {
      for (const { kept } of runs) kept?.dispose();
      throw error;
    }
  }

  private constructor(
    model: Model,
    problem: StateProblem,
    made: {
      rows: EditRows[];
      initial: Float64Array[];
      columns: Column[];
      reference: Float32Array;
    },
  ) {
    this.#model = model;
    this.#problem = problem;
    this.#searches = made.initial.map((state) => new ValueSearch(state, problem));
    this.#columns = made.columns;
    this.#reference = made.reference;
    this.#targetLengths = made.rows.map(({ targetLength }) => targetLength);
  }

  /** Searches until every fact is done; `observed` is called for each step of each fact. */
  async search(observed: (fact: number, search: ValueSearch) => void): Promise<void> {
    const all = this.#searches.map((_, fact) => fact);
    const waiting = () => all.filter((fact) => !this.#searches[fact].done);
    let opened: Opened | undefined;
    const { signal, enough } = this.#problem;
    for (let active = all; active.length > 0 && !enough?.aborted; active = waiting()) {
      signal?.throwIfAborted();
      if (!opened || active.length <= REOPEN * opened.facts.length) {
        opened = await this.#open(active);
      }
      const losses = await this.#evaluate(opened);
      for (const fact of active) {
        this.#searches[fact].observe(losses.get(fact)!);
        observed(fact, this.#searches[fact]);
      }
    }
  }

  dispose(): void {
    for (const { kept } of this.#columns) kept.dispose();
  }

  async #open(facts: number[]): Promise<Opened> {
    const { layer, signal } = this.#problem;
    const parts: Part[] = [];
    for (const [column, { kept, lookups }] of this.#columns.entries()) {
      const width = (fact: number) => kept.tokens[fact].length - lookups[fact];
      for (const some of byWidth(facts, width)) {
        const at = { rows: some, starts: some.map((fact) => lookups[fact]), signal };
        const groups = some.map((_, group) => group);
        const continuation = await this.#model.continuation(kept, { layer, groups, ...at });
        parts.push({ column, facts: some, continuation });
      }
    }
    return { facts, parts };
  }

  /** The losses at the present δ of every fact, and their gradients: contexts one after the other, facts together. */
  async #evaluate({ facts, parts }: Opened): Promise<Map<number, ValueLoss>> {
    const d = this.#model.config.dModel;
    const contexts = this.#columns.length - 1;
    const losses = new Map(facts.map((fact) => [fact, this.#noLoss(contexts)]));
    for (const { column, facts, continuation } of parts) {
      this.#problem.signal?.throwIfAborted();
      const added = new Float32Array(facts.length * d);
      facts.forEach((fact, group) => added.set(this.#searches[fact].delta, group * d));
      const loss = this.#loss(column, facts);
      const found = await continuation.evaluate(added, loss);
      loss.nll.forEach(({ row, share }, i) => {
        losses.get(facts[row])!.nll[column] += found.nll[i] * share;
      });
      found.kl.forEach((kl, group) => (losses.get(facts[group])!.kl = kl));
      for (const [group, fact] of facts.entries()) {
        const { gradient, nllGradient = gradient } = losses.get(fact)!;
        const sum = column < contexts ? nllGradient : gradient;
        for (let i = 0; i < d; i++) sum[i] += found.gradient[group * d + i];
      }
    }
    return losses;
  }

  /** What the columns' parts are added to: one gradient, or one of the NLL and one of the KL. */
  #noLoss(contexts: number): ValueLoss {
    const zeros = () => new Float64Array(this.#model.config.dModel);
    const loss = { nll: new Float64Array(contexts), kl: 0, gradient: zeros() };
    if (this.#problem.objective?.target !== "minimise") return loss;
    return { ...loss, nllGradient: zeros() };
  }

  /** Of a context: mean NLL over contexts and the target's tokens; of the essence: KL from the initial distribution. */
  #loss(c: number, facts: number[]) {
    const contexts = this.#columns.length - 1;
    const { targets, lookups } = this.#columns[c];
    const { vocab } = this.#model.config;
    const weight = this.#problem.klFactor;
    return {
      nll: facts.flatMap((fact, row) => {
        const share = 1 / this.#targetLengths[fact];
        return targets[fact].map((at) => ({ row, ...at, share, weight: share / contexts }));
      }),
      kl:
        c < contexts
          ? []
          : facts.map((fact, row) => {
              const reference = this.#reference.subarray(fact * vocab, (fact + 1) * vocab);
              return { row, token: lookups[fact], reference, weight };
            }),
    };
  }
}

/** Facts of like width together, so that no row is padded much. */
function byWidth(facts: number[], width: (fact: number) => number): number[][] {
  const sorted = [...facts].sort((a, b) => width(a) - width(b));
  const parts: number[][] = [];
  for (const fact of sorted) {
    const part = parts[parts.length - 1] as number[] | undefined;
    const fits = part && (part.length < LEAST || width(part[part.length - 1]) === width(fact));
    if (fits) part.push(fact);
    else parts.push([fact]);
  }
  return parts;
}

/** The rows of a batch by context; the essence's end at their lookup, where its KL is taken. */
function columnsOf(rows: EditRows[]) {
  const columns = Array.from({ length: rows[0].contexts }, (_, c) => ({
    tokens: rows.map(({ tokens }) => tokens[c]),
    lookups: rows.map(({ lookups }) => lookups[c]),
    noise: noiseOf(rows, c),
    targets: rows.map(({ targets }) =>
      targets.filter(({ row }) => row === c).map(({ token, target }) => ({ token, target })),
    ),
  }));
  const lookups = rows.map((row) => row.lookups[row.essence]);
  const tokens = rows.map((row, fact) => row.tokens[row.essence].slice(0, lookups[fact] + 1));
  const noise = noiseOf(rows, rows[0].essence);
  return { columns, essence: { tokens, lookups, noise } };
}

/** Every fact's noise in one of its rows; undefined where there is none. */
function noiseOf(rows: EditRows[], row: number): RowNoise[] | undefined {
  return rows[0].noise && rows.map(({ noise }) => noise![row]);
}

function runColumn(
  model: Model,
  column: ContextRows,
  { layer, signal }: StateProblem,
): Promise<ContextRun> {
  return runContext(model, column, {
    keep: true,
    watch: [{ site: "hidden", layer }],
    signal,
  });
}

function runEssence(
  model: Model,
  essence: ContextRows,
  { signal }: StateProblem,
): Promise<ContextRun> {
  const readout = essence.lookups.map((token, row) => ({ row, token }));
  return runContext(model, essence, { keep: true, readout, signal });
}
