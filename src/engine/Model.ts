import {
  branch,
  type Branch,
  type BranchOptions,
  type BranchReadout,
} from "./transformer/branch.ts";
import { Checkpoint } from "./checkpoint/Checkpoint.ts";
import type { ModelConfig } from "./architecture/config.ts";
import { readConfig } from "./architecture/readConfig.ts";
import { Continuation, type ContinuationAt } from "./transformer/Continuation.ts";
import { generate, type GenerateOptions } from "./transformer/generate.ts";
import { gradient, type Wrt } from "./transformer/gradient.ts";
import type { Kept } from "./transformer/Kept.ts";
import { KeyCovariances } from "./covariance/KeyCovariances.ts";
import type { Loss } from "./transformer/loss.ts";
import type { LedgerView } from "./runtime/Memory.ts";
import type { ModelFiles } from "./files/ModelFiles.ts";
import { architectureOf } from "./architecture/architectures.ts";
import { mlpOut } from "./architecture/blockWeights.ts";
import { weightName } from "./architecture/weightNames.ts";
import type { Precision } from "./checkpoint/precision.ts";
import { readWeight } from "./transformer/readWeight.ts";
import { run, type Run, type RunResult } from "./transformer/run.ts";
import type { Runtime } from "./runtime/Runtime.ts";
import { checkLayer } from "./architecture/sites.ts";
import { rememberedFiles } from "./files/rememberedFiles.ts";
import { originOf, type Origin } from "./checkpoint/origin.ts";
import { stampOf } from "./checkpoint/stamp.ts";
import { weightShapes } from "./architecture/weightShapes.ts";
import { Tokenizer } from "./checkpoint/Tokenizer.ts";
import { Transformer } from "./transformer/Transformer.ts";
import { type LoadOptions, loadWeights } from "./checkpoint/weights.ts";
import { layerOf, shapeOf, type WeightDelta } from "../data/delta/delta.ts";
import type { ModelIdentity } from "../data/identity/ModelIdentity.ts";
import type { Gpu } from "../kernels/device/Gpu.ts";

export type { Branch, BranchReadout } from "./transformer/branch.ts";
export type { Continuation } from "./transformer/Continuation.ts";
export type { Kept } from "./transformer/Kept.ts";
export type { KeyCovariances, CovarianceTile } from "./covariance/KeyCovariances.ts";
export type { Loss } from "./transformer/loss.ts";
export type { Run, RunResult } from "./transformer/run.ts";
export type { Site } from "./architecture/sites.ts";

/** A language model that can be watched, patched, differentiated, stopped and changed. */
export class Model {
  readonly tokenizer: Tokenizer;
  /** What the model is known by, whatever its folder is called. */
  readonly identity: ModelIdentity;
  #transformer: Transformer;
  #edition = 0;
  #editions = 0;
  #deltas: readonly WeightDelta[] = [];

  /**
   * Loads a Hugging Face checkpoint: config.json, tokenizer.json and safetensors, sharded or not.
   * Throws a sentence where a file is missing, damaged, or of another architecture.
   */
  static async load(runtime: Runtime, files: ModelFiles, options?: LoadOptions): Promise<Model> {
    const { files: small, contents } = rememberedFiles(files);
    const config = await readConfig(small);
    const tokenizer = await Tokenizer.load(small, config.vocab);
    const checkpoint = await Checkpoint.open(files, architectureOf(config));
    const origin = await originOf(files);
    const parts = { config, tokenizer, checkpoint, described: contents, origin };
    const model = await Model.from(runtime, parts, options);
    try {
      await files.verify?.();
    } catch (error) {
      await model.dispose();
      throw error;
    }
    return model;
  }

  /** As `load`, from parts that are already open. */
  static async from(
    runtime: Runtime,
    parts: {
      config: ModelConfig;
      tokenizer: Tokenizer;
      checkpoint: Checkpoint;
      /** config.json and the tokenizer's files, for the stamp. */
      described: ReadonlyMap<string, Uint8Array>;
      /** Where its files come from, as far as they tell. */
      origin?: Origin;
    },
    options?: LoadOptions,
  ): Promise<Model> {
    const { config, tokenizer, checkpoint, described, origin } = parts;
    const precision = options?.precision ?? storedPrecision(checkpoint, config);
    const transformer = new Transformer(config, runtime, { ...options, precision });
    try {
      transformer.weights = await loadWeights(transformer, checkpoint, options);
      const { name: id, revision } = config;
      const stamp = await stampOf(described, checkpoint.samples);
      return new Model(transformer, tokenizer, { ...origin, stamp, precision, id, revision });
    } catch (error) {
      await transformer.dispose();
      throw error;
    }
  }

  private constructor(transformer: Transformer, tokenizer: Tokenizer, identity: ModelIdentity) {
    this.#transformer = transformer;
    this.tokenizer = tokenizer;
    this.identity = identity;
  }

  /** What its contents are known by: 64 hexadecimal digits, see stampOf. */
  get stamp(): string {
    return this.identity.stamp;
  }

  get config(): ModelConfig {
    return this.#transformer.config;
  }

  get runtime(): Runtime {
    return this.#transformer.runtime;
  }

  /** Block-token evaluations so far: one position of one row through one block. */
  get cost(): { blockTokens: number } {
    return this.#transformer.cost;
  }

  /** The most bytes that the ledger has had. */
  get peakBytes(): number {
    return this.#transformer.memory.peak;
  }

  /** Bytes and number of the tensors that this model holds on its device. */
  get ledger(): LedgerView {
    return this.#transformer.memory.ledger;
  }

  /** What the kernels put on the model's device; undefined where it computes on none. */
  get gpu(): Gpu | undefined {
    return this.#transformer.gpu;
  }

  /** Tells one state of the active deltas from every other, so that what was sampled before a change is known as stale. */
  get edition(): number {
    return this.#edition;
  }

  /**
   * Does work with the model; where it throws or is stopped, all that it made on the device is released, the active
   * deltas aside. Each method here is such work; a method's is several together. One after the other, or inside.
   */
  frame<T>(work: () => Promise<T>): Promise<T> {
    return this.#transformer.memory.frame(work);
  }

  /** One forward run: interventions in, sites and log-probabilities out. */
  run(request: Run): Promise<RunResult> {
    return this.frame(() => run(this.#transformer, request));
  }

  /** Variations of a kept run, each recomputed from its first difference on: [branch, row, readout]. */
  branch(
    base: Kept,
    branches: readonly Branch[],
    readout: readonly BranchReadout[],
    options?: BranchOptions,
  ): Promise<Float32Array> {
    return this.frame(() => branch(this.#transformer, base, { branches, readout }, options));
  }

  /** A kept run, resumed above a layer with a vector added at one position a row. */
  continuation(base: Kept, at: ContinuationAt): Promise<Continuation> {
    return this.frame(() => Continuation.open(this.#transformer, base, at));
  }

  /** A run's loss and its gradients by sites and MLP output matrices. */
  gradient(request: Run, loss: Loss, wrt: readonly Wrt[]) {
    return this.frame(() => gradient(this.#transformer, request, { loss, wrt }));
  }

  /** Continues prompts [batch][token], greedily or by seeded top-k sampling. */
  generate(prompts: readonly (readonly number[])[], options: GenerateOptions): Promise<number[][]> {
    return this.frame(() => generate(this.#transformer, prompts, options));
  }

  /** The running covariances of these layers' keys. Dispose of them. */
  keyCovariances(layers: readonly number[]): Promise<KeyCovariances> {
    return KeyCovariances.open(this.#transformer, layers);
  }

  /** How the matrices are kept. */
  get precision(): Precision {
    return this.#transformer.layout.precision;
  }

  /**
   * A weight by its name in the checkpoint as it is computed with, as float32 and without the active changes: matrices
   * [inputs, outputs] whatever the checkpoint stores, tables [tokens, dModel]. Not to be written to.
   *
   * @throws for a name that the model does not have
   */
  async readWeight(name: string): Promise<Float32Array> {
    return this.frame(() => readWeight(this.#transformer, name));
  }

  /** The changes that are active. */
  get deltas(): readonly WeightDelta[] {
    return this.#deltas;
  }

  /** The shapes of all weights by their names in the checkpoint, matrices as [inputs, outputs]. */
  get weightShapes(): Readonly<Record<string, readonly number[]>> {
    return weightShapes(this.config);
  }

  /**
   * Makes these the active changes in place of any before; none at all is the base model. Any weight can be changed,
   * in any precision: those of a block, embeddings, positions, the final norm and the head.
   *
   * @throws one sentence for a weight that this model lacks or has in another shape
   */
  setDeltas(deltas: readonly WeightDelta[]): void {
    const { config, deltas: active } = this.#transformer;
    const shapes = deltas.length > 0 ? this.weightShapes : {};
    for (const delta of deltas) checkFits(delta, shapes, config);
    active.set(deltas);
    this.#deltas = deltas;
    this.#edition = ++this.#editions;
  }

  /**
   * What is awaited before every block that the model computes: the place where other work may go in between, in
   * {@link between}. Nothing by default.
   */
  set giveWay(giveWay: (() => Promise<void>) | undefined) {
    this.#transformer.giveWay = giveWay;
  }

  /**
   * Does other work in the middle of work that gives way: it begins with no active deltas, and leaves those of the work
   * around it, the edition and the cost as they were.
   */
  async between<T>(work: () => Promise<T>): Promise<T> {
    const [deltas, edition, { blockTokens }] = [this.#deltas, this.#edition, this.cost];
    this.#deltas = [];
    this.#edition = ++this.#editions;
    try {
      return await this.#transformer.deltas.aside(work);
    } finally {
      this.#deltas = deltas;
      this.#edition = edition;
      this.cost.blockTokens = blockTokens;
    }
  }

  /** Frees the weights and the compiled graphs. */
  dispose(): Promise<void> {
    return this.#transformer.dispose();
  }
}

/** What a checkpoint of quantized shards was made for; f32 for any other. */
function storedPrecision(checkpoint: Checkpoint, config: ModelConfig): Precision {
  const name = weightName(config, 0, mlpOut(config));
  const form = checkpoint.has(name) ? checkpoint.form(name) : "float";
  return form === "float" ? "f32" : form;
}

function checkFits(
  { weight, change }: WeightDelta,
  shapes: Readonly<Record<string, readonly number[]>>,
  config: ModelConfig,
): void {
  if (!Object.hasOwn(shapes, weight)) {
    const layer = layerOf(weight);
    if (layer !== undefined) checkLayer(layer, config.layers);
    throw new Error(`a delta changes ${weight}, which ${config.name} does not have`);
  }
  const [there, here] = [shapeOf(change), shapes[weight]];
  if (there.join() !== here.join()) {
    throw new Error(
      `the delta of ${weight} is ${there.join(" × ")}, but this model's weight is ${here.join(" × ")}; it was made for another model`,
    );
  }
}
