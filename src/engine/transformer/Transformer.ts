import type { Tensor } from "onnxruntime-common";
import { ActiveDeltas } from "./ActiveDeltas.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { headKey } from "../architecture/weightNames.ts";
import { type Block, buildBlock } from "../graphs/block.ts";
import type { BlockSite, BlockVariant } from "../graphs/BlockScope.ts";
import { buildEmbedding } from "../graphs/embedding.ts";
import type { Value } from "../graphs/Graph.ts";
import { buildReadout, type HeadLayout } from "../graphs/unembedding.ts";
import type { Kept } from "./Kept.ts";
import { type LayoutOptions, type ModelLayout, modelLayout } from "../checkpoint/layout.ts";
import type { OnDevice } from "./OnDevice.ts";
import { finiteOutput } from "./finite.ts";
import { Tables } from "./Tables.ts";
import { type Memory, openMemory } from "../runtime/Memory.ts";
import { type Extent, Patches } from "./Patches.ts";
import { rotaryTables } from "./rotaryTables.ts";
import { Gpu } from "../../kernels/device/Gpu.ts";
import { Programs } from "../runtime/Programs.ts";
import { Shelf } from "../storage/Shelf.ts";
import type { TuningStore } from "../../kernels/device/TuningStore.ts";
import type { Runtime } from "../runtime/Runtime.ts";
import type { Intervention, Site } from "../architecture/sites.ts";
import type { Weights } from "../checkpoint/weights.ts";

/** The positions that one pass computes, and the kept run that their rows continue. */
export interface Pass extends Extent {
  past?: { kept: Kept; rows: readonly number[] };
}

/** Inputs that every layer of a pass shares: mask, rotary tables, which kept row each row continues. */
export type PassFeeds = Record<string, Tensor>;

export interface BlockRequest {
  layer: number;
  hidden: Tensor;
  pass: Pass;
  feeds: PassFeeds;
  interventions?: readonly Intervention[];
  /** What to return: sites by name, and `keys` and `values`. Default: hidden alone. */
  outputs?: readonly BlockOutput[];
}

export type BlockOutput = BlockSite | "keys" | "values";

/**
 * A checkpoint on a runtime: its weights, its compiled graphs, and the three steps that every run is
 * made of (embed, block, read out). Knows nothing of why they are run.
 */
export class Transformer implements OnDevice {
  readonly config: ModelConfig;
  readonly runtime: Runtime;
  readonly memory: Memory;
  readonly programs: Programs;
  /** What the kernels put on the device, where the runtime computes on one. */
  readonly gpu: Gpu | undefined;
  /** Block-token evaluations so far: one position of one row through one block. */
  readonly cost = { blockTokens: 0 };
  readonly deltas = new ActiveDeltas(this);
  /** Awaited before every block: where other work on the same model may go in between, see `Model.between`. */
  giveWay: (() => Promise<void>) | undefined;
  /** How the matrices lie on the device. */
  readonly layout: ModelLayout;
  readonly #tables = new Tables(this, this.deltas);
  #weights: Weights | undefined;

  /** @throws as {@link modelLayout} */
  constructor(config: ModelConfig, runtime: Runtime, options?: LayoutOptions) {
    this.config = config;
    this.runtime = runtime;
    this.layout = modelLayout(config, runtime, options);
    this.memory = openMemory(runtime);
    this.programs = new Programs(runtime, this.memory);
    this.gpu = gpuOf(runtime);
  }

  get weights(): Weights {
    if (!this.#weights) throw new Error("the model is closed; load it again");
    return this.#weights;
  }

  set weights(weights: Weights) {
    this.#weights = weights;
  }

  int32(data: readonly number[] | Int32Array, dims: readonly number[]): Tensor {
    return new this.runtime.ort.Tensor("int32", Int32Array.from(data), dims);
  }

  float32(data: Float32Array, dims: readonly number[]): Tensor {
    return new this.runtime.ort.Tensor("float32", data, dims);
  }

  /** h⁻¹ [rows, width, dModel] of token ids [rows · width]; `embed` is the token embedding's output, if asked for. */
  async embed(
    ids: Int32Array,
    pass: Pass,
    { interventions = [], watch = false }: { interventions?: Intervention[]; watch?: boolean } = {},
  ): Promise<{ hidden: Tensor; embed?: Tensor }> {
    const { rows, width } = pass;
    await this.deltas.settle(undefined);
    const patched = interventions.length > 0;
    const program = await this.programs.get(`embedding/${patched}/${watch}`, () => {
      const { graph, embed, hidden } = buildEmbedding(this.config, patched);
      return graph.build(watch ? { hidden, embed } : { hidden });
    });
    const positions = Array.from({ length: rows * width }, (_, i) =>
      Math.min(pass.starts[Math.floor(i / width)] + (i % width), this.config.positions - 1),
    );
    const looked = await this.#tables.lookup("tokenEmbedding", ids, [rows, width]);
    const { hidden, embed } = await program.run({
      ...this.deltas.outer(),
      looked,
      positions: this.int32(positions, [rows, width]),
      ...this.#patches("embed", pass, interventions),
    });
    this.memory.release(looked);
    return embed ? { hidden, embed } : { hidden };
  }

  /** Inputs that all the layers of this pass share. */
  passFeeds(pass: Pass): PassFeeds {
    const { rows, width, past, starts } = pass;
    const mask = this.float32(maskOf(pass), [rows, 1, width, (past?.kept.width ?? 0) + width]);
    const feeds = { mask, ...this.#rotary(starts, width) };
    return past ? { ...feeds, "past.rows": this.int32(past.rows, [rows]) } : feeds;
  }

  /** Runs one block over a pass. Outputs belong to the caller. */
  async block(request: BlockRequest): Promise<Record<BlockOutput, Tensor>> {
    const { layer, pass, outputs = ["hidden"], interventions = [] } = request;
    await this.giveWay?.();
    await this.deltas.settle(layer);
    const variant = this.variant(layer, pass, interventions);
    const name = `${variantName(variant)}/${outputs.join()}`;
    const program = await this.programs.get(name, () => {
      const block = buildBlock(this.config, this.layout, variant);
      return block.graph.build(blockOutputs(block, outputs));
    });
    this.cost.blockTokens += pass.rows * pass.width;
    return program.run(this.blockFeeds(request));
  }

  /** Which inputs this layer's block has in this pass; its delta must have settled. */
  variant(layer: number, pass: Pass, interventions: readonly Intervention[]): BlockVariant {
    const patch = blockSites.filter((site) => interventions.some((i) => i.site === site));
    return { past: pass.past !== undefined, patch, ...this.deltas.variant(layer) };
  }

  /** Everything a block program of this layer is fed. */
  blockFeeds({ layer, hidden, pass, feeds, interventions = [] }: BlockRequest) {
    const patches = blockSites.map((site) => {
      const here = interventions.filter((intervention) => intervention.site === site);
      return here.length > 0 ? this.#patches(site, pass, here) : {};
    });
    const kept = pass.past?.kept;
    return Object.assign(
      { hidden, ...feeds, ...this.weights.layers[layer], ...this.deltas.feeds(layer) },
      kept && { "past.keys": kept.keys[layer], "past.values": kept.values[layer] },
      ...patches,
    ) as Record<string, Tensor>;
  }

  /**
   * Log-probabilities [rows, vocab] at flattened positions `at` of hidden [batch, token, dModel], or
   * of the targets alone [rows].
   *
   * @throws where one is NaN or infinite
   */
  async readout(hidden: Tensor, at: readonly number[], targets?: readonly number[]) {
    const width = targets ? 1 : this.config.vocab;
    const result = new Float32Array(at.length * width);
    const most = mostLogits(this.config);
    for (let begin = 0; begin < at.length; begin += most) {
      const rows = at.slice(begin, begin + most);
      const wanted = targets?.slice(begin, begin + most);
      result.set(await this.#readout(hidden, rows, wanted), begin * width);
    }
    return finiteOutput(result);
  }

  async #readout(hidden: Tensor, at: readonly number[], targets?: readonly number[]) {
    await this.deltas.settle(undefined);
    const targeted = targets !== undefined;
    const program = await this.programs.get(`readout/${targeted}/${this.head.layout.form}`, () => {
      const { graph, logProbabilities } = buildReadout(this.config, this.head, targeted);
      return graph.build({ logProbabilities });
    });
    const wanted = targets && (await this.targetFeeds(targets));
    const { logProbabilities } = await program.run({
      ...this.deltas.outer(),
      hidden,
      at: this.int32(at, [at.length]),
      ...wanted,
    });
    const result = Float32Array.from(await this.memory.read(logProbabilities));
    this.memory.release(logProbabilities);
    if (wanted) this.memory.release(wanted["target.rows"]);
    return result;
  }

  /** How the head lies on the device. */
  get head(): HeadLayout {
    const { expansion } = this.layout;
    return { layout: this.deltas.tableLayout(headKey(this.config)), expansion };
  }

  /** Target ids [rows] and the head's rows of them [rows, dModel]; the caller releases `target.rows`. */
  async targetFeeds(ids: readonly number[]) {
    return {
      targets: this.int32(ids, [ids.length]),
      "target.rows": await this.#tables.lookup(headKey(this.config), ids, [ids.length]),
    };
  }

  /** How many numbers a site has per position. */
  siteWidth(site: Site): number {
    return site === "key" ? this.config.dMlp : this.config.dModel;
  }

  async dispose(): Promise<void> {
    // Before the sessions: what these made cannot be freed without them.
    this.deltas.clear();
    this.memory.clear();
    await this.programs.dispose();
    this.#weights = undefined;
  }

  #patches(site: Site, extent: Extent, interventions: readonly Intervention[]) {
    if (interventions.length === 0) return {};
    const patches = new Patches(this.runtime, extent, this.siteWidth(site));
    for (const intervention of interventions) patches.add(intervention);
    return patches.feeds(site);
  }

  /** What the positions of a pass turn queries and keys by, where the architecture rotates them. */
  #rotary(starts: readonly number[], width: number): PassFeeds {
    const { rotaryDim } = this.config;
    if (rotaryDim === 0) return {};
    const { cos, sin } = rotaryTables(this.config, starts, width);
    const dims = [starts.length, width, 1, rotaryDim];
    return { cos: this.float32(cos, dims), sin: this.float32(sin, dims) };
  }
}

/** One Gpu per device: its pipelines are compiled once, whatever model is loaded. */
const gpus = new WeakMap<GPUDevice, Gpu>();

/** What was measured on a device once is not measured again at the next visit. */
function tuningStore(): TuningStore {
  const shelf = new Shelf();
  return {
    get: (key) => shelf.take(key),
    set: (key, value) => shelf.put(key, value),
  };
}

function gpuOf({ provider, device }: Runtime): Gpu | undefined {
  if (provider !== "webgpu" || !device) return undefined;
  const gpu = gpus.get(device) ?? new Gpu(device, { tuning: tuningStore() });
  gpus.set(device, gpu);
  return gpu;
}

/** Logits that are held at once: 32 MB, and some of the same again for what is made of them. */
const WIDEST_LOGITS = 2 ** 23;

/** Positions that are read out at once. */
export const mostLogits = ({ vocab }: ModelConfig): number =>
  Math.max(1, Math.floor(WIDEST_LOGITS / vocab));

const blockSites: readonly BlockSite[] = ["attn", "key", "mlp", "hidden"];

/** What a variant is called among the compiled programs. */
export function variantName({ past, deltas = {}, patch = [] }: BlockVariant): string {
  const changed = Object.entries(deltas).map(([key, form]) => `${key}=${form}`);
  return `block/${past ? "past" : ""}/${changed.sort().join()}/${patch.join()}`;
}

/** Values of a block by output name. */
export function blockOutputs(block: Block, names: readonly BlockOutput[]): Record<string, Value> {
  const all = { ...block.sites, keys: block.keys, values: block.values };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

/**
 * 0 where a query may look and −1e9 where it may not, [rows, 1, width, past + width]: kept positions
 * before the row's start, and this pass's up to the query's own.
 */
function maskOf({ rows, width, starts, past }: Pass): Float32Array {
  const before = past?.kept.width ?? 0;
  const columns = before + width;
  const mask = new Float32Array(rows * width * columns).fill(-1e9);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < width; t++) {
      const at = (row * width + t) * columns;
      mask.fill(0, at, at + Math.min(before, starts[row]));
      mask.fill(0, at + before, at + before + t + 1);
    }
  }
  return mask;
}
