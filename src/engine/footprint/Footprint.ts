import { buildBlockGradient } from "../graphs/blockGradient.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { blockWeights, mlpOut } from "../architecture/blockWeights.ts";
import { headKey, outerWeights, type TableKey } from "../architecture/weightNames.ts";
import { buildBlock } from "../graphs/block.ts";
import { type BlockSite, type BlockVariant, rankName } from "../graphs/BlockScope.ts";
import { buildEmbedding } from "../graphs/embedding.ts";
import type { Value } from "../graphs/Graph.ts";
import { type Dims, graphBytes, valueBytes } from "../graphs/graphBytes.ts";
import { buildReadout, type HeadLayout } from "../graphs/unembedding.ts";
import { type Host, type ModelLayout, modelLayout } from "../checkpoint/layout.ts";
import { isDense } from "../transformer/ActiveDeltas.ts";
import { lossGraph } from "../transformer/loss.ts";
import {
  bitsOf,
  blocksOf,
  isQuantized,
  matrixBytes,
  type Precision,
} from "../checkpoint/precision.ts";
import type { Provider } from "../runtime/Runtime.ts";
import {
  type BlockOutput,
  blockOutputs,
  mostLogits,
  variantName,
} from "../transformer/Transformer.ts";

/** A rectangle of positions, and the width of the kept run that its rows continue. */
export interface PassSize {
  rows: number;
  width: number;
  past?: { rows: number; width: number } | undefined;
}

/** A run's states that are kept: how many rows of how many positions, in how many bytes. */
export interface KeptSize {
  rows: number;
  width: number;
  bytes: number;
}

/** One block of a dry run. */
export interface BlockSize {
  layer: number;
  pass: PassSize;
  patch?: readonly BlockSite[];
  outputs?: readonly BlockOutput[];
}

/** What a block's forward run leaves for its backward run. */
export interface RecordedSize {
  hidden: number;
  saved: number;
}

/**
 * What the engine does, on paper: the bytes that it would take into its ledger and give back, from the architecture and
 * the layout of the matrices alone. The files footprint….ts go through runs, branches and edits as the engine does.
 *
 * `bytes` and `peak` are those of `Model.ledger`. What onnxruntime takes for itself is an estimate: `scratch` between the
 * inputs and the outputs of a graph, `heap` with them, where all of it is copied into one heap (wasm).
 */
export class Footprint {
  readonly config: ModelConfig;
  readonly layout: ModelLayout;
  bytes = 0;
  peak = 0;
  scratch = 0;
  heap = 0;
  /** The largest tensor that is made or fed, which one binding must hold. */
  largest = 0;
  readonly #host: Host;
  readonly #graphs = new Map<string, { outputs: readonly Value[]; given: readonly Value[] }>();
  readonly #measured = new Map<string, number>();
  #deltas = new Map<number, { rank: number; bytes: number; dense: boolean }>();

  /** @throws as {@link modelLayout} */
  constructor(config: ModelConfig, host: Host, precision: Precision) {
    this.config = config;
    this.layout = modelLayout(config, host, { precision });
    this.#host = host;
  }

  get provider(): Provider {
    return this.#host.provider;
  }

  /** How the head lies on the device. */
  get head(): HeadLayout {
    const { tables, expansion } = this.layout;
    return { layout: tables[headKey(this.config)]!, expansion };
  }

  take(bytes: number): number {
    this.bytes += bytes;
    this.peak = Math.max(this.peak, this.bytes);
    return bytes;
  }

  give(bytes: number): void {
    this.bytes -= bytes;
  }

  /** Bytes of states [rows, width, dModel]. */
  state({ rows, width }: Pick<PassSize, "rows" | "width">): number {
    return 4 * rows * width * this.config.dModel;
  }

  /** Bytes of the weights; they are taken. */
  load(): number {
    return this.take(weightBytes(this.config, this.layout));
  }

  /** The embedding of a pass. Leaves its output, and with `watch` the token embedding's. */
  embed(pass: PassSize, watch = false): { hidden: number; embed: number } {
    const looked = this.lookup("tokenEmbedding", pass.rows * pass.width, { reshaped: true });
    this.#measure(`embedding/${watch}`, passDims(pass), () => {
      const { embed, hidden } = buildEmbedding(this.config, false);
      return { outputs: watch ? [hidden, embed] : [hidden] };
    });
    const hidden = this.take(this.state(pass));
    const embed = watch ? this.take(this.state(pass)) : 0;
    this.give(looked);
    return { hidden, embed };
  }

  /** One block over a pass; its outputs are left, and their bytes returned by name. */
  block({ layer, pass, patch = [], outputs = ["hidden"] }: BlockSize): Record<BlockOutput, number> {
    this.#settle(layer);
    const variant = this.#variant(layer, pass, patch);
    const name = `${variantName(variant)}/${outputs.join()}`;
    this.#measure(name, this.#blockDims(layer, pass), () => {
      const block = buildBlock(this.config, this.layout, variant);
      return { outputs: Object.values(blockOutputs(block, outputs)) };
    });
    const { dMlp } = this.config;
    const bytes = (name: BlockOutput) =>
      name === "key" ? 4 * pass.rows * pass.width * dMlp : this.state(pass);
    return Object.fromEntries(outputs.map((name) => [name, this.take(bytes(name))])) as Record<
      BlockOutput,
      number
    >;
  }

  /** A block whose gradient is wanted: its output and what is saved are left. */
  record({ layer, pass }: BlockSize): RecordedSize {
    this.#settle(layer);
    const variant = this.#variant(layer, pass, []);
    const name = `gradient/${variantName(variant)}`;
    const dims = this.#blockDims(layer, pass);
    let parts: ReturnType<typeof gradientParts> | undefined;
    const made = () => (parts ??= gradientParts(this, variant));
    this.#measure(`${name}.forward`, dims, () => ({ outputs: made().forward }));
    this.#measure(`${name}.backward`, dims, () => ({
      outputs: made().backward,
      given: made().saved,
    }));
    const saved = this.#graphs.get(`${name}.backward`)!.given;
    // A ledger counts four bytes for a number of any type but the weights'.
    const all = saved.reduce(
      (sum, { shape }) => sum + valueBytes({ shape, type: "int32" }, dims),
      0,
    );
    return { hidden: this.take(this.state(pass)), saved: this.take(all) };
  }

  /** Log-probabilities of so many positions, all tokens' or the targets' alone; nothing is left. */
  readout(positions: number, targeted: boolean): void {
    const { vocab } = this.config;
    const most = mostLogits(this.config);
    for (let begin = 0; begin < positions; begin += most) {
      const rows = Math.min(most, positions - begin);
      this.#measure(`readout/${targeted}`, { rows, batch: rows, token: 1 }, () => ({
        outputs: [buildReadout(this.config, this.head, targeted).logProbabilities],
      }));
      const wanted = targeted ? this.lookup(headKey(this.config), rows) : 0;
      const result = this.take(4 * rows * (targeted ? 1 : vocab));
      this.give(result + wanted);
    }
  }

  /** A loss of so many terms of each kind over a pass; its gradient by the states is left. */
  loss(pass: PassSize, { nll, kl }: { nll: number; kl: number }): number {
    const terms = { nll: nll > 0, kl: kl > 0 };
    const dims = { ...passDims(pass), rows: nll, klRows: kl };
    this.#measure(`loss/${terms.nll}/${terms.kl}`, dims, () => ({
      outputs: Object.values(lossGraph(this, terms).outputs),
    }));
    const wanted = terms.nll ? this.lookup(headKey(this.config), nll) : 0;
    const values = this.take(4 * (nll + kl));
    const gradient = this.take(this.state(pass));
    this.give(wanted + values);
    return gradient;
  }

  /** Rows of a table; they are left. */
  lookup(name: TableKey, count: number, { reshaped = false } = {}): number {
    const { dModel } = this.config;
    const { form } = this.layout.tables[name]!;
    const rows = 4 * count * dModel;
    if (form === "f32") return this.take(rows);
    const blocks = count * blocksOf(dModel);
    const gathered = this.take(
      isQuantized(form) ? blocks * (4 * bitsOf(form) + 4) : 2 * count * dModel,
    );
    this.take(rows);
    if (reshaped) {
      this.take(rows);
      this.give(rows);
    }
    this.give(gathered);
    return rows;
  }

  /** Switches these changes of the MLP output matrices on, in the place of any before. */
  setDeltas(deltas: readonly { layer: number; rank: number }[]): void {
    for (const { bytes } of this.#deltas.values()) this.give(bytes);
    this.#deltas = new Map();
    const { dMlp, dModel } = this.config;
    const ranks = new Map<number, number>();
    for (const { layer, rank } of deltas) ranks.set(layer, (ranks.get(layer) ?? 0) + rank);
    for (const [layer, rank] of ranks) {
      const factors = 4 * rank * (dMlp + dModel);
      const bytes = isDense([dMlp, dModel], rank) ? 0 : this.take(factors);
      this.#deltas.set(layer, { rank, bytes, dense: false });
    }
  }

  /** Reading an MLP output matrix back as float32; nothing is left. */
  readMlpOut(): void {
    const { dMlp, dModel } = this.config;
    const { form, parts } = this.layout.layouts[mlpOut(this.config)];
    if (form === "f32" && parts.length === 1) return;
    const whole = this.take(4 * dMlp * dModel);
    if (form !== "f32") this.scratch = Math.max(this.scratch, 4 * dMlp * Math.max(...parts));
    this.give(whole);
  }

  /** W + ΔW in the place of W, where the factors' rank is so high that this is made. */
  #settle(layer: number): void {
    const delta = this.#deltas.get(layer);
    const { dMlp, dModel } = this.config;
    if (!delta || delta.dense || !isDense([dMlp, dModel], delta.rank)) return;
    const factors = this.take(4 * delta.rank * (dMlp + dModel));
    const sums = this.take(4 * dMlp * dModel);
    this.give(factors);
    this.#deltas.set(layer, { ...delta, bytes: sums, dense: true });
  }

  #variant(layer: number, { past }: PassSize, patch: readonly BlockSite[]): BlockVariant {
    const delta = this.#deltas.get(layer);
    const form = delta?.dense ? "sum" : "factors";
    return {
      past: past !== undefined,
      patch,
      deltas: delta && { [mlpOut(this.config)]: form },
    };
  }

  #blockDims(layer: number, pass: PassSize): Dims {
    const rank = this.#deltas.get(layer)?.rank ?? 0;
    const stored = pass.rows + 1; // a value a row, at most
    const stores = sites.map((site) => [`${site}.stored`, stored] as const);
    const ranks = { [rankName(mlpOut(this.config))]: rank };
    return { ...passDims(pass), ...ranks, ...Object.fromEntries(stores) };
  }

  /** Takes the scratch and the heap of a run of a graph into account. */
  #measure(
    name: string,
    dims: Dims,
    build: () => { outputs: readonly Value[]; given?: readonly Value[] },
  ): void {
    // What takes as many positions takes about as much: the first and any larger one are measured.
    const size = dims.batch * dims.token * (1 + (dims.past ?? 0)) + (dims.rows ?? 0);
    if (size <= (this.#measured.get(name) ?? 0)) return;
    this.#measured.set(name, size);
    const { outputs, given = [] } = this.#graphs.get(name) ?? build();
    this.#graphs.set(name, { outputs, given });
    const expands = this.#host.provider !== "webgpu";
    const found = graphBytes(outputs, dims, { given, expands });
    this.scratch = Math.max(this.scratch, found.inner);
    this.heap = Math.max(this.heap, found.inputs + found.inner + found.outputs);
    this.largest = Math.max(this.largest, found.largest);
  }
}

/** Bytes of a model's weights on its device. */
export function weightBytes(
  config: ModelConfig,
  { layouts, tables }: Pick<ModelLayout, "layouts" | "tables">,
): number {
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const sum = (bytes: number[]) => bytes.reduce((a, b) => a + b, 0);
  const outer = outerWeights(config).map(({ key, shape }) => {
    const table = tables[key as TableKey];
    return table ? matrixBytes(table.form, [shape[0], shape[1]]) : 4 * sizeOf(shape);
  });
  const block = blockWeights(config).map(({ key, shape }) =>
    key in layouts ? matrixBytes(layouts[key].form, [shape[0], shape[1]]) : 4 * sizeOf(shape),
  );
  return sum(outer) + config.layers * sum(block);
}

const sites: readonly BlockSite[] = ["attn", "key", "mlp", "hidden"];

function passDims({ rows, width, past }: PassSize): Dims {
  return { batch: rows, token: width, past: past?.width ?? 0, pastBatch: past?.rows ?? 0 };
}

function gradientParts(at: Pick<Footprint, "config" | "layout">, variant: BlockVariant) {
  const { graph, hidden, backward, boundary } = buildBlockGradient(at.config, at.layout, variant);
  const saved = Object.values(graph.saved(backward, boundary));
  return {
    saved,
    forward: [hidden, ...saved],
    backward: Object.values(backward),
  };
}
