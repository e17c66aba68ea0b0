import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Tensor } from "onnxruntime-common";
import { Kept } from "./Kept.ts";
import { checkLayer, type Intervention, type SiteAt } from "../architecture/sites.ts";
import type { BlockOutput, Pass, Transformer } from "./Transformer.ts";

/** A position whose next-token distribution is read. */
export interface ReadoutAt {
  row: number;
  token: number;
  target?: number;
}

/** One forward run, described as data: the engine does what it says, methods only describe it. */
export interface Run extends Stoppable {
  /** Token ids [batch][token]; rows may have unequal lengths (they are padded on the right). */
  tokens: readonly (readonly number[])[];
  /** Positions below `token` are taken from row rows[r] of a kept run instead of computed. */
  prefix?: { kept: Kept; rows: readonly number[]; token: number } | undefined;
  interventions?: readonly Intervention[];
  watch?: readonly SiteAt[];
  /** The last block that runs. Default: all. */
  toLayer?: number | undefined;
  /** Keep the states of every layer for other runs; `keys` keeps no hidden states. */
  keep?: boolean | "keys";
  readout?: readonly ReadoutAt[];
}

export interface RunResult {
  /** Per watched site [batch, token, width]: the positions that the run computed, padded. */
  watched: Float32Array[];
  /** log p(target) per entry, or log p [entry, vocab] where no target was given. */
  readout: Float32Array;
  kept?: Kept | undefined;
}

/** Runs the model. Throws on empty rows, rows beyond the context, and layers it does not have. */
export async function run(model: Transformer, request: Run): Promise<RunResult> {
  checkRun(model, request);
  const pass = passOf(request);
  const keeper = request.keep ? new Keeper(model, request, pass) : undefined;
  const { watched, hidden } = await sweep(model, request, { pass, keeper });
  const readout = await read(model, request, { hidden, pass });
  model.memory.release(hidden);
  return { watched, readout, kept: keeper?.finish() };
}

/** Throws a sentence where a run can't be made. */
export function checkRun({ config }: Transformer, { tokens, prefix, ...request }: Run): void {
  if (tokens.length === 0) throw new Error("a run needs at least one row of tokens; got none");
  for (const row of tokens) {
    if (row.length === 0) throw new Error("the prompt is empty; type at least one token");
    if (row.length > config.positions) {
      throw new Error(
        `the prompt has ${row.length} tokens, but this model reads at most ${config.positions}; shorten it`,
      );
    }
    if (prefix && row.length <= prefix.token) {
      throw new Error(
        `nothing to compute: a row has ${row.length} tokens and the prefix covers ${prefix.token}`,
      );
    }
  }
  if (request.toLayer !== undefined) checkLayer(request.toLayer, config.layers);
  for (const { site, layer } of [...(request.watch ?? []), ...(request.interventions ?? [])]) {
    if (site !== "embed") checkLayer(layer, config.layers);
  }
}

/** The rectangle of positions that a run computes. */
export function passOf({ tokens, prefix }: Run): Pass {
  const start = prefix?.token ?? 0;
  const width = Math.max(...tokens.map((row) => row.length)) - start;
  const starts = tokens.map(() => start);
  const pass = { rows: tokens.length, width, starts };
  return prefix ? { ...pass, past: { kept: prefix.kept, rows: prefix.rows } } : pass;
}

/** Token ids of a pass [rows · width], padded with 0: causal attention never sees the padding. */
export function paddedIds(tokens: Run["tokens"], { rows, width, starts }: Pass): Int32Array {
  const ids = new Int32Array(rows * width);
  tokens.forEach((row, r) => ids.set(row.slice(starts[r]), r * width));
  return ids;
}

async function sweep(
  model: Transformer,
  { tokens, interventions = [], watch = [], toLayer, signal }: Run,
  { pass, keeper }: { pass: Pass; keeper: Keeper | undefined },
): Promise<{ watched: Float32Array[]; hidden: Tensor }> {
  const { memory, config } = model;
  const watched: Float32Array[] = [];
  const take = async (site: string, layer: number, tensor: Tensor) => {
    for (const [i, at] of watch.entries()) {
      if (at.site !== site || (site !== "embed" && at.layer !== layer)) continue;
      watched[i] = Float32Array.from(await memory.read(tensor));
    }
  };
  const embedded = await model.embed(paddedIds(tokens, pass), pass, {
    interventions: interventions.filter(({ site }) => site === "embed"),
    watch: watch.some(({ site }) => site === "embed"),
  });
  if (embedded.embed) {
    await take("embed", 0, embedded.embed);
    memory.release(embedded.embed);
  }
  let { hidden } = embedded;
  keeper?.keepEmbedding(hidden);
  const feeds = model.passFeeds(pass);
  for (let layer = 0; layer <= (toLayer ?? config.layers - 1); layer++) {
    signal?.throwIfAborted();
    const sites = watch.filter((at) => at.site !== "embed" && at.layer === layer);
    const outputs = new Set<BlockOutput>([
      "hidden",
      ...sites.map(({ site }) => site as BlockOutput),
    ]);
    if (keeper) outputs.add("keys").add("values");
    const results = await model.block({
      layer,
      hidden,
      pass,
      feeds,
      interventions: interventions.filter((i) => i.site !== "embed" && i.layer === layer),
      outputs: [...outputs].sort(),
    });
    memory.release(hidden);
    hidden = results.hidden;
    for (const site of new Set(sites.map((at) => at.site))) {
      await take(site, layer, results[site as BlockOutput]);
    }
    keeper?.keepLayer(results);
    for (const name of outputs) if (name !== "hidden") memory.release(results[name]);
  }
  return { watched, hidden };
}

async function read(
  model: Transformer,
  { readout = [], tokens }: Run,
  { hidden, pass }: { hidden: Tensor; pass: Pass },
): Promise<Float32Array> {
  if (readout.length === 0) return new Float32Array(0);
  const targets = readout.flatMap(({ target }) => target ?? []);
  if (targets.length > 0 && targets.length < readout.length) {
    throw new Error("a readout needs a target at every position or at none");
  }
  const at = readout.map(({ row, token }) => {
    const column = token - pass.starts[row];
    if (!(column >= 0 && token < (tokens[row]?.length ?? 0))) {
      throw new Error(`invalid readout: row ${row} has no computed position ${token}`);
    }
    return row * pass.width + column;
  });
  return model.readout(hidden, at, targets.length > 0 ? targets : undefined);
}

/** Collects a run's states as full rows: what the prefix kept, then what the pass computed. */
class Keeper {
  #model: Transformer;
  #run: Run;
  #pass: Pass;
  #width: number;
  #embedding: Tensor | undefined;
  #hidden: Tensor[] = [];
  #keys: Tensor[] = [];
  #values: Tensor[] = [];

  constructor(model: Transformer, run: Run, pass: Pass) {
    this.#model = model;
    this.#run = run;
    this.#pass = pass;
    this.#width = (run.prefix?.token ?? 0) + pass.width;
  }

  keepEmbedding(hidden: Tensor): void {
    if (this.#run.keep === "keys") return;
    this.#embedding = this.#full(hidden, this.#run.prefix?.kept.embedding);
  }

  keepLayer({ hidden, keys, values }: Record<BlockOutput, Tensor>): void {
    const layer = this.#keys.length;
    const kept = this.#run.prefix?.kept;
    if (this.#run.keep !== "keys") this.#hidden.push(this.#full(hidden, kept?.hidden[layer]));
    this.#keys.push(this.#full(keys, kept?.keys[layer]));
    this.#values.push(this.#full(values, kept?.values[layer]));
  }

  finish(): Kept {
    return new Kept(this.#model.memory, {
      tokens: this.#run.tokens,
      width: this.#width,
      embedding: this.#embedding,
      hidden: this.#hidden,
      keys: this.#keys,
      values: this.#values,
    });
  }

  #full(computed: Tensor, before: Tensor | undefined): Tensor {
    const d = this.#model.config.dModel;
    const { rows, width } = this.#pass;
    const { prefix } = this.#run;
    const full = this.#model.memory.allocate([rows, this.#width, d]);
    const start = this.#width - width;
    this.#model.memory.copy(
      full,
      Array.from({ length: rows }, (_, row) => [
        ...(prefix && before && start > 0
          ? [
              {
                from: before,
                source: prefix.rows[row] * prefix.kept.width * d,
                target: row * this.#width * d,
                length: start * d,
              },
            ]
          : []),
        {
          from: computed,
          source: row * width * d,
          target: (row * this.#width + start) * d,
          length: width * d,
        },
      ]).flat(),
    );
    return full;
  }
}
