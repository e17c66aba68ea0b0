import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Tensor } from "onnxruntime-common";
import type { Kept } from "./Kept.ts";
import { checkLayer, type Intervention, type Site } from "../architecture/sites.ts";
import type { Pass, Transformer } from "./Transformer.ts";

/** One change of a base run's site, at one position of every row. */
export interface BranchIntervention {
  site: Exclude<Site, "embed">;
  layer: number;
  token: number;
  mode: "add" | "replace";
  /** [width] for all rows, or [rows, width]. */
  values: Float32Array;
}

/** The base run once more, with these interventions. */
export interface Branch {
  interventions: readonly BranchIntervention[];
}

export interface BranchOptions extends Stoppable {
  /** Called as branches finish, with log p [row, readout] of one. */
  onResult?: (branch: number, logProbabilities: Float32Array) => void;
  /** Upper bound of positions per pass; default: as many as fit 64 MB of the MLP's inner width. */
  maxPositions?: number;
}

export interface BranchReadout {
  token: number;
  target: number;
}

/** A branch on its way: where it joins the batch. */
export interface Entering {
  index: number;
  interventions: readonly BranchIntervention[];
  /** The first layer and position that differ from the base run. */
  layer: number;
  token: number;
}

/**
 * Re-runs every row of `base` once per branch and reads log p [branch, row, readout].
 *
 * Only what can have changed is computed: layers from a branch's first intervention on, positions
 * from its first one on, and in the first layer, where attention still sees unchanged keys, that
 * position alone. Branches with the same first position go through each layer together, each joining
 * the batch at its own layer.
 */
export async function branch(
  model: Transformer,
  base: Kept,
  { branches, readout }: { branches: readonly Branch[]; readout: readonly BranchReadout[] },
  options: BranchOptions = {},
): Promise<Float32Array> {
  checkBranches(model, base, branches);
  const size = base.rows * readout.length;
  const results = new Float32Array(branches.length * size);
  const unchanged = await readBase(model, base, readout);
  const report = (index: number, values: Float32Array) => {
    results.set(values, index * size);
    options.onResult?.(index, values);
  };
  const last = Math.max(...readout.map(({ token }) => token));
  for (const [token, group] of groupByToken(branches)) {
    const changed = group.filter((entry) => canMatter(model, entry, { readout, last }));
    for (const entry of group) if (!changed.includes(entry)) report(entry.index, unchanged);
    for (const chunk of chunks(model, changed, { base, token, ...options })) {
      options.signal?.throwIfAborted();
      const sweep = new Sweep(model, base, { token, readout, unchanged });
      for (const [index, values] of await sweep.run(chunk, options.signal)) report(index, values);
    }
  }
  return results;
}

function checkBranches({ config }: Transformer, base: Kept, branches: readonly Branch[]) {
  if (base.tokens.some((row) => row.length !== base.width)) {
    throw new Error("branches need base rows of equal length; pad or split the base run");
  }
  for (const { interventions } of branches) {
    for (const { layer, token } of interventions) {
      checkLayer(layer, config.layers);
      if (token < 0 || token >= base.width) {
        throw new Error(`invalid position: ${token} (the run has 0–${base.width - 1})`);
      }
    }
  }
}

/** What the base run itself says at the readout: [row, readout]. */
function readBase(model: Transformer, base: Kept, readout: readonly BranchReadout[]) {
  const at = base.tokens.flatMap((_, row) => readout.map(({ token }) => row * base.width + token));
  const targets = base.tokens.flatMap(() => readout.map(({ target }) => target));
  return model.readout(base.entering(model.config.layers), at, targets);
}

/** Branches by their first position, each group ordered by first layer. */
export function groupByToken(branches: readonly Branch[]): [number, Entering[]][] {
  const groups = new Map<number, Entering[]>();
  branches.forEach(({ interventions }, index) => {
    const token = Math.min(...interventions.map((i) => i.token));
    const layer = Math.min(...interventions.map((i) => i.layer));
    const group = groups.get(token) ?? [];
    group.push({ index, interventions, layer, token });
    groups.set(token, group);
  });
  for (const group of groups.values()) group.sort((a, b) => a.layer - b.layer);
  return [...groups];
}

/** Whether a branch can reach a position that is read. */
export function canMatter(
  { config }: Pick<Transformer, "config">,
  { layer, token, interventions }: Entering,
  { readout, last }: { readout: readonly BranchReadout[]; last: number },
): boolean {
  if (interventions.length === 0 || token > last) return false;
  if (layer < config.layers - 1) return true;
  return interventions.some((i) => readout.some((at) => at.token === i.token));
}

/** As few chunks of branches from one first position on as hold at most `maxPositions` positions each. */
export function* chunks<T>(
  { config }: Pick<Transformer, "config">,
  branches: readonly T[],
  {
    base,
    token,
    maxPositions = Math.floor(2 ** 24 / config.dMlp),
  }: { base: Pick<Kept, "rows" | "width">; token: number; maxPositions?: number },
): Generator<T[]> {
  const size = Math.max(1, Math.floor(maxPositions / (base.rows * (base.width - token))));
  for (let i = 0; i < branches.length; i += size) yield branches.slice(i, i + size);
}

/** Takes a chunk of branches with one first position up through the layers. */
class Sweep {
  #model: Transformer;
  #base: Kept;
  #token: number;
  #width: number;
  #readout: readonly BranchReadout[];
  #unchanged: Float32Array;

  constructor(
    model: Transformer,
    base: Kept,
    at: { token: number; readout: readonly BranchReadout[]; unchanged: Float32Array },
  ) {
    this.#model = model;
    this.#base = base;
    this.#token = at.token;
    this.#width = base.width - at.token;
    this.#readout = at.readout;
    this.#unchanged = at.unchanged;
  }

  async run(chunk: readonly Entering[], signal?: AbortSignal): Promise<[number, Float32Array][]> {
    const { config, memory } = this.#model;
    let hidden: Tensor | undefined;
    for (let layer = chunk[0].layer; layer < config.layers; layer++) {
      signal?.throwIfAborted();
      const active = chunk.filter((entry) => entry.layer < layer);
      const entering = chunk.filter((entry) => entry.layer === layer);
      const continued = hidden && (await this.#advance(layer, hidden, active));
      const entered = entering.length > 0 ? await this.#enter(layer, entering) : undefined;
      if (hidden) memory.release(hidden);
      hidden = continued && entered ? this.#join(continued, entered) : (continued ?? entered);
    }
    const values = await this.#read(hidden!, chunk);
    memory.release(hidden!);
    return values;
  }

  /** A block over branches that already differ: all positions from the first one on. */
  async #advance(layer: number, hidden: Tensor, active: readonly Entering[]): Promise<Tensor> {
    const pass = this.#pass(active.length, this.#width);
    const interventions = active.flatMap((entry, i) => this.#placed(entry, layer, i));
    const feeds = this.#model.passFeeds(pass);
    return (await this.#model.block({ layer, hidden, pass, feeds, interventions })).hidden;
  }

  /** The states above the first layer that differs. Replaced block outputs need no computation. */
  async #enter(layer: number, entering: readonly Entering[]): Promise<Tensor> {
    const here = entering.flatMap(({ interventions }) =>
      interventions.filter((i) => i.layer === layer),
    );
    const states = this.#baseStates(this.#base.entering(layer + 1), entering.length);
    if (here.every(({ site, mode }) => site === "hidden" && mode === "replace")) {
      entering.forEach((entry, i) => this.#overwrite(states, entry, i));
      return states;
    }
    const alone = here.every(({ token }) => token === this.#token);
    const width = alone ? 1 : this.#width;
    const pass = this.#pass(entering.length, width);
    const input = this.#baseStates(this.#base.entering(layer), entering.length, width);
    const interventions = entering.flatMap((entry, i) => this.#placed(entry, layer, i));
    const { hidden } = await this.#model.block({
      layer,
      hidden: input,
      pass,
      feeds: this.#model.passFeeds(pass),
      interventions,
    });
    this.#model.memory.release(input);
    this.#replaceFirst(states, hidden, { rows: pass.rows, width });
    this.#model.memory.release(hidden);
    return states;
  }

  #pass(branches: number, width: number): Pass {
    const rows = Array.from({ length: branches * this.#base.rows }, (_, i) => i % this.#base.rows);
    const past = { kept: this.#base, rows };
    return { rows: rows.length, width, starts: rows.map(() => this.#token), past };
  }

  /** A branch's interventions at this layer, for its rows of the batch. */
  #placed({ interventions }: Entering, layer: number, place: number): Intervention[] {
    const { rows } = this.#base;
    return interventions
      .filter((i) => i.layer === layer)
      .map(({ site, mode, token, values }) => ({
        site,
        layer,
        mode,
        values,
        tokens: [token],
        rows: Array.from({ length: rows }, (_, r) => place * rows + r),
      }));
  }

  /** The base run's states from the first position on, once per branch: [branch·row, width, d]. */
  #baseStates(from: Tensor, branches: number, width = this.#width): Tensor {
    const { memory, config } = this.#model;
    const { rows, width: full } = this.#base;
    const states = memory.allocate([branches * rows, width, config.dModel]);
    memory.copy(
      states,
      Array.from({ length: branches * rows }, (_, i) => ({
        from,
        source: ((i % rows) * full + this.#token) * config.dModel,
        target: i * width * config.dModel,
        length: width * config.dModel,
      })),
    );
    return states;
  }

  /** Puts replaced block outputs into the states of one branch. */
  #overwrite(states: Tensor, { interventions, layer }: Entering, place: number) {
    const { memory, config } = this.#model;
    const { rows } = this.#base;
    const d = config.dModel;
    for (const { token, values } of interventions.filter((i) => i.layer === layer)) {
      const from = memory.upload(values, [values.length / d, d]);
      memory.copy(
        states,
        Array.from({ length: rows }, (_, row) => ({
          from,
          source: values.length === d ? 0 : row * d,
          target: ((place * rows + row) * this.#width + token - this.#token) * d,
          length: d,
        })),
      );
      memory.release(from);
    }
  }

  /** Overwrites the first `width` positions of every row. */
  #replaceFirst(states: Tensor, from: Tensor, { rows, width }: { rows: number; width: number }) {
    const d = this.#model.config.dModel;
    this.#model.memory.copy(
      states,
      Array.from({ length: rows }, (_, row) => ({
        from,
        source: row * width * d,
        target: row * this.#width * d,
        length: width * d,
      })),
    );
  }

  /** Two batches as one. */
  #join(a: Tensor, b: Tensor): Tensor {
    const { memory } = this.#model;
    const joined = memory.allocate([a.dims[0] + b.dims[0], ...a.dims.slice(1)]);
    memory.copy(joined, [
      { from: a, source: 0, target: 0, length: a.size },
      { from: b, source: 0, target: a.size, length: b.size },
    ]);
    memory.release(a);
    memory.release(b);
    return joined;
  }

  /** log p [row, readout] per branch; positions before the first change read as the base does. */
  async #read(hidden: Tensor, chunk: readonly Entering[]): Promise<[number, Float32Array][]> {
    const { rows } = this.#base;
    const changed = this.#readout.flatMap((at, i) =>
      at.token >= this.#token ? [{ ...at, i }] : [],
    );
    const rowIndex = Array.from({ length: chunk.length * rows }, (_, i) => i);
    const values = await this.#model.readout(
      hidden,
      rowIndex.flatMap((row) =>
        changed.map(({ token }) => row * this.#width + token - this.#token),
      ),
      rowIndex.flatMap(() => changed.map(({ target }) => target)),
    );
    return chunk.map(({ index }, b) => {
      const result = this.#unchanged.slice();
      for (let row = 0; row < rows; row++) {
        changed.forEach(({ i }, j) => {
          result[row * this.#readout.length + i] = values[(b * rows + row) * changed.length + j];
        });
      }
      return [index, result];
    });
  }
}
