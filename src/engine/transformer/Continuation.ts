import type { Tensor } from "onnxruntime-common";
import { recordBlock } from "./backward.ts";
import type { Kept } from "./Kept.ts";
import { evaluateLoss, flatPosition, type Loss } from "./loss.ts";
import { recordedParts } from "./recordedParts.ts";
import { checkLayer } from "../architecture/sites.ts";
import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Pass, PassFeeds, Transformer } from "./Transformer.ts";

export interface ContinuationAt extends Stoppable {
  /** The layer whose output is changed. */
  layer: number;
  /** Which rows of the kept run are resumed. Default: all. */
  rows?: readonly number[];
  /** Per resumed row, the position that is changed: nothing before it is computed. */
  starts: readonly number[];
  /** Per resumed row, which of the added vectors it gets. Default: the first. */
  groups?: readonly number[] | undefined;
  /** Bytes that may be saved between forward and backward at once; see recordedParts. */
  mostSaved?: number;
}

/** Losses and their gradient with respect to the vectors that were added. */
export interface Evaluation {
  nll: Float32Array;
  kl: Float32Array;
  /** [groups, dModel]. */
  gradient: Float32Array;
}

/**
 * A kept run, resumed above one layer with a vector added to hidden^layer at one position a row.
 *
 * Since m^l enters h^l by addition, this is also δ added to the MLP's output (METHODS 4.5). What lies
 * below the layer and before the position was computed once, by the kept run, and is only read here;
 * each evaluation computes the layers above it, forward and backward, in parts of the rows where a device
 * could not hold what all of them save (see recordedParts).
 */
export class Continuation {
  readonly #model: Transformer;
  readonly #parts: readonly ContinuedRows[];

  /** Throws where a start lies outside its row, or the layer outside the model. */
  static async open(model: Transformer, base: Kept, at: ContinuationAt): Promise<Continuation> {
    checkLayer(at.layer, model.config.layers);
    const rows = at.rows ?? base.tokens.map((_, row) => row);
    checkStarts(base, rows, at.starts);
    const width = Math.max(...rows.map((row, r) => base.tokens[row].length - at.starts[r]));
    const ranges = recordedParts(
      model,
      model.runtime.provider,
      {
        rows: rows.length,
        width,
        past: { rows: base.rows, width: base.width },
        layers: model.config.layers - 1 - at.layer,
      },
      at.mostSaved,
    );
    const parts = [];
    for (const [begin, end] of ranges) {
      const within = {
        layer: at.layer,
        rows: rows.slice(begin, end),
        starts: at.starts.slice(begin, end),
        groups: at.groups?.slice(begin, end),
        signal: at.signal,
      };
      parts.push(await ContinuedRows.open(model, base, within, begin));
    }
    return new Continuation(model, parts);
  }

  private constructor(model: Transformer, parts: readonly ContinuedRows[]) {
    this.#model = model;
    this.#parts = parts;
  }

  /** The loss with `added` [groups, dModel], and its gradient with respect to it. */
  evaluate(added: Float32Array, loss: Loss): Promise<Evaluation> {
    return this.#model.memory.frame(() => this.#evaluate(added, loss));
  }

  /** log p [position, vocab] with `added` [groups, dModel]. */
  logProbabilities(
    added: Float32Array,
    at: readonly { row: number; token: number }[],
  ): Promise<Float32Array> {
    return this.#model.memory.frame(() => this.#logProbabilities(added, at));
  }

  async #evaluate(added: Float32Array, loss: Loss): Promise<Evaluation> {
    const kl = loss.kl ?? [];
    const empty = loss.nll.length + kl.length === 0; // which is refused there
    if (this.#parts.length === 1 || empty) return this.#parts[0].evaluate(added, loss);
    const total = {
      nll: new Float32Array(loss.nll.length),
      kl: new Float32Array(kl.length),
      gradient: new Float32Array(added.length),
    };
    for (const part of this.#parts) {
      const [nllHere, klHere] = [part.own(loss.nll), part.own(kl)];
      if (nllHere.length + klHere.length === 0) continue;
      const found = await part.evaluate(added, {
        nll: nllHere.map(({ term }) => term),
        kl: klHere.map(({ term }) => term),
      });
      nllHere.forEach(({ index }, i) => (total.nll[index] = found.nll[i]));
      klHere.forEach(({ index }, i) => (total.kl[index] = found.kl[i]));
      found.gradient.forEach((value, i) => (total.gradient[i] += value));
    }
    return total;
  }

  async #logProbabilities(
    added: Float32Array,
    at: readonly { row: number; token: number }[],
  ): Promise<Float32Array> {
    let result = new Float32Array(0);
    for (const part of this.#parts) {
      const here = part.own(at);
      if (here.length === 0) continue;
      const found = await part.logProbabilities(
        added,
        here.map(({ term }) => term),
      );
      const width = found.length / here.length;
      if (result.length === 0) result = new Float32Array(at.length * width);
      here.forEach(({ index }, i) => {
        result.set(found.subarray(i * width, (i + 1) * width), index * width);
      });
    }
    return result;
  }
}

/** Rows that are continued together. */
class ContinuedRows {
  readonly #model: Transformer;
  readonly #pass: Pass;
  readonly #at: ContinuationAt;
  /** The first of its rows among all. */
  readonly #first: number;
  readonly #states: Float32Array;
  readonly #feeds: PassFeeds;

  static async open(
    model: Transformer,
    base: Kept,
    at: ContinuationAt & { rows: readonly number[] },
    first: number,
  ): Promise<ContinuedRows> {
    const { rows, starts } = at;
    const width = Math.max(...rows.map((row, r) => base.tokens[row].length - starts[r]));
    const pass = { rows: rows.length, width, starts, past: { kept: base, rows } };
    const states = await startingStates(model, base, pass, at);
    return new ContinuedRows(model, { pass, at, states, first });
  }

  private constructor(
    model: Transformer,
    given: { pass: Pass; at: ContinuationAt; states: Float32Array; first: number },
  ) {
    this.#model = model;
    this.#pass = given.pass;
    this.#at = given.at;
    this.#first = given.first;
    this.#states = given.states;
    this.#feeds = model.passFeeds(given.pass);
  }

  /** Those of these terms that lie in its rows, with their place among all. */
  own<T extends { row: number }>(terms: readonly T[]): { term: T; index: number }[] {
    return terms.flatMap((term, index) => {
      const row = term.row - this.#first;
      return row >= 0 && row < this.#pass.rows ? [{ term: { ...term, row }, index }] : [];
    });
  }

  async evaluate(added: Float32Array, loss: Loss): Promise<Evaluation> {
    const { memory, config } = this.#model;
    const recorded = [];
    let hidden = this.#input(added);
    for (let layer = this.#at.layer + 1; layer < config.layers; layer++) {
      const block = await recordBlock(this.#model, this.#request(layer, hidden));
      recorded.push({ block, input: hidden });
      hidden = block.hidden;
    }
    const { nll, kl, gradient } = await evaluateLoss(this.#model, hidden, this.#pass, loss);
    memory.release(hidden);
    let cotangent = gradient;
    for (const { block, input } of recorded.reverse()) {
      const { x } = await block.backward(cotangent);
      memory.release(cotangent);
      memory.release(input);
      cotangent = x;
    }
    const states = await memory.read(cotangent);
    const total = this.#sumFirst(states, added.length);
    memory.release(cotangent);
    return { nll, kl, gradient: total };
  }

  async logProbabilities(
    added: Float32Array,
    at: readonly { row: number; token: number }[],
  ): Promise<Float32Array> {
    const { memory, config } = this.#model;
    let hidden = this.#input(added);
    for (let layer = this.#at.layer + 1; layer < config.layers; layer++) {
      const next = await this.#model.block(this.#request(layer, hidden));
      memory.release(hidden);
      hidden = next.hidden;
    }
    const positions = at.map(({ row, token }) => flatPosition(this.#pass, row, token));
    const result = await this.#model.readout(hidden, positions);
    memory.release(hidden);
    return result;
  }

  #request(layer: number, hidden: Tensor) {
    this.#at.signal?.throwIfAborted();
    return { layer, hidden, pass: this.#pass, feeds: this.#feeds };
  }

  #input(added: Float32Array): Tensor {
    const d = this.#model.config.dModel;
    const { rows, width } = this.#pass;
    const states = this.#states.slice();
    for (let row = 0; row < rows; row++) {
      const group = this.#group(row);
      for (let i = 0; i < d; i++) states[row * width * d + i] += added[group * d + i];
    }
    return this.#model.memory.upload(states, [rows, width, d]);
  }

  /** Sums the rows' gradients at their first position into their groups' vectors. */
  #sumFirst(states: Float32Array, size: number): Float32Array {
    const d = this.#model.config.dModel;
    const total = new Float32Array(size);
    for (let row = 0; row < this.#pass.rows; row++) {
      const group = this.#group(row);
      const at = row * this.#pass.width * d;
      for (let i = 0; i < d; i++) total[group * d + i] += states[at + i];
    }
    return total;
  }

  #group(row: number): number {
    return this.#at.groups?.[row] ?? 0;
  }
}

function checkStarts(base: Kept, rows: readonly number[], starts: readonly number[]): void {
  if (starts.length !== rows.length) {
    throw new Error(`got ${starts.length} positions for ${rows.length} rows; give one a row`);
  }
  rows.forEach((row, r) => {
    const length = base.tokens[row]?.length ?? 0;
    if (!(starts[r] >= 0 && starts[r] < length)) {
      throw new Error(`invalid position: ${starts[r]} (row ${row} has ${length} tokens)`);
    }
  });
}

/** hidden^layer of each resumed row from its start on [rows, width, dModel]; past a row's end, zeros. */
async function startingStates(
  model: Transformer,
  base: Kept,
  { width, starts, past }: Pass & { past: { rows: readonly number[] } },
  { layer }: ContinuationAt,
): Promise<Float32Array> {
  const d = model.config.dModel;
  const all = await model.memory.read(base.entering(layer + 1));
  const states = new Float32Array(past.rows.length * width * d);
  past.rows.forEach((row, r) => {
    const from = (row * base.width + starts[r]) * d;
    const length = (base.tokens[row].length - starts[r]) * d;
    states.set(all.subarray(from, from + length), r * width * d);
  });
  return states;
}
