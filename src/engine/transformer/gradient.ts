import type { Tensor } from "onnxruntime-common";
import { namedWeight, type NamedWeight } from "../architecture/namedWeights.ts";
import type { SiteAt } from "../architecture/sites.ts";
import {
  type BlockGradient,
  gradientName,
  gradientPart,
  type LinearPart,
} from "../graphs/blockGradient.ts";
import { type Recorded, recordBlock } from "./backward.ts";
import { evaluateLoss, type Loss } from "./loss.ts";
import { setColumns } from "./readWeight.ts";
import { checkRun, paddedIds, passOf, type Run } from "./run.ts";
import type { Transformer } from "./Transformer.ts";

/**
 * What a loss is differentiated by: a site of a layer, or a block's weight by its name in the checkpoint. With `part`, of a
 * matrix the two whose product its gradient is: what goes into its linear map, or the gradient of what comes out.
 */
export type Wrt = SiteAt | { weight: string; part?: LinearPart | undefined };

/** A `Wrt` as the blocks have it. */
interface Asked {
  layer: number;
  /** None for sites between the blocks. */
  inside: BlockGradient | undefined;
  /** Of a matrix that is asked for whole. */
  matrix: NamedWeight | undefined;
  site: SiteAt | undefined;
}

/**
 * A run's loss and its gradients, with the active deltas and in any precision: sites as [batch, token, width], weights in
 * the shape of `Model.weightShapes`, their parts as [batch, token, inputs] and [batch, token, outputs].
 *
 * Blocks below the lowest layer asked for are run, not differentiated.
 *
 * @throws a sentence for a weight that the model does not have, or that lies outside its blocks
 */
export async function gradient(
  model: Transformer,
  run: Run,
  { loss, wrt }: { loss: Loss; wrt: readonly Wrt[] },
): Promise<{ loss: number; gradients: Float32Array[] }> {
  checkRun(model, run);
  const asked = wrt.map((at) => askedOf(model, at));
  const pass = passOf(run);
  const { memory } = model;
  const { blocks, hidden } = await record(model, run, asked);
  const result = await evaluateLoss(model, hidden, pass, loss);
  memory.release(hidden);
  const gradients: Float32Array[] = [];
  const take = async (matches: (at: Asked) => boolean, tensors: Record<string, Tensor>) => {
    for (const [i, at] of asked.entries()) {
      if (matches(at)) gradients[i] = await readGradient(model, at, tensors);
    }
  };
  let cotangent = result.gradient;
  for (const { layer, block, input } of blocks.reverse()) {
    await take(({ site }) => isSite(site, "hidden", layer), { hidden: cotangent });
    const { x, ...found } = await block.backward(cotangent);
    await take((at) => at.inside !== undefined && at.layer === layer, found);
    for (const tensor of Object.values(found)) memory.release(tensor);
    memory.release(cotangent);
    memory.release(input);
    cotangent = x;
  }
  const below = blocks.at(-1)!.layer - 1;
  await take(({ site }) => isSite(site, "hidden", below), { hidden: cotangent });
  await take(({ site }) => site?.site === "embed", { embed: cotangent });
  memory.release(cotangent);
  return { loss: totalLoss(loss, result), gradients };
}

const isSite = (at: SiteAt | undefined, name: string, layer: number) =>
  at?.site === name && at.layer === layer;

function askedOf({ config }: Transformer, at: Wrt): Asked {
  if ("site" in at) {
    const between = at.site === "hidden" || at.site === "embed";
    const inside = between ? undefined : { site: at.site as Exclude<typeof at.site, "embed"> };
    const layer = at.site === "embed" ? 0 : at.layer;
    return { layer, inside, matrix: undefined, site: at };
  }
  const weight = namedWeight(config, at.weight);
  const { layer, key, kind } = weight;
  if (layer === undefined) {
    throw new Error(
      `no gradient is taken by ${at.weight}, which lies outside the blocks; ask for a weight of a block, or for the site embed`,
    );
  }
  if (at.part && kind !== "matrix") {
    throw new Error(`${at.weight} is no matrix; only a matrix's gradient has an ${at.part}`);
  }
  const matrix = kind === "matrix" && !at.part ? weight : undefined;
  return { layer, inside: { key, part: at.part }, matrix, site: undefined };
}

/** One gradient out of the tensors of its block; a matrix's is put together from its parts. */
async function readGradient(
  { memory, layout }: Transformer,
  { inside, matrix, site }: Asked,
  tensors: Record<string, Tensor>,
): Promise<Float32Array> {
  const name = inside ? gradientName(inside) : site!.site;
  if (!matrix) return Float32Array.from(await memory.read(tensors[name]));
  const [rows, of] = matrix.shape;
  const { parts } = layout.layouts[matrix.key];
  const whole = new Float32Array(rows * of);
  let first = 0;
  for (const [i, width] of parts.entries()) {
    setColumns(whole, await memory.read(tensors[gradientPart(name, i)]), { of, first, width });
    first += width;
  }
  return whole;
}

function totalLoss({ nll, kl = [] }: Loss, values: { nll: Float32Array; kl: Float32Array }) {
  const terms = nll.map(({ weight }, i) => weight * values.nll[i]);
  const divergences = kl.map(({ weight }, i) => weight * values.kl[i]);
  return [...terms, ...divergences].reduce((sum, term) => sum + term, 0);
}

interface RecordedLayer {
  layer: number;
  block: Recorded;
  input: Tensor;
}

/** Runs forward, recording every block from the lowest that a gradient is asked for. */
async function record(model: Transformer, run: Run, wrt: readonly Asked[]) {
  const pass = passOf(run);
  const interventions = run.interventions ?? [];
  const lowest = Math.min(...wrt.map(({ layer }) => layer));
  const blocks: RecordedLayer[] = [];
  let { hidden } = await model.embed(paddedIds(run.tokens, pass), pass, {
    interventions: interventions.filter(({ site }) => site === "embed"),
  });
  const feeds = model.passFeeds(pass);
  for (let layer = 0; layer < model.config.layers; layer++) {
    run.signal?.throwIfAborted();
    const here = interventions.filter((i) => i.site !== "embed" && i.layer === layer);
    const request = { layer, hidden, pass, feeds, interventions: here };
    if (layer < lowest) {
      const next = await model.block(request);
      model.memory.release(hidden);
      hidden = next.hidden;
      continue;
    }
    const block = await recordBlock(model, request, gradientsOf(wrt, layer));
    blocks.push({ layer, block, input: hidden });
    hidden = block.hidden;
  }
  return { blocks, hidden };
}

/** The gradients asked for inside a block, each once; those of `hidden` and `embed` pass between blocks. */
function gradientsOf(asked: readonly Asked[], layer: number): BlockGradient[] {
  const inside = asked.flatMap((at) => (at.layer === layer && at.inside ? [at.inside] : []));
  const byName = new Map(inside.map((at) => [gradientName(at), at]));
  return [...byName.keys()].sort().map((name) => byName.get(name)!);
}
