import { type BlockGradient, type Recorded, recordBlock } from "./backward.ts";
import type { Tensor } from "onnxruntime-common";
import { evaluateLoss, type Loss } from "./loss.ts";
import { checkRun, paddedIds, passOf, type Run } from "./run.ts";
import type { SiteAt } from "../architecture/sites.ts";
import type { Transformer } from "./Transformer.ts";

/** What a loss is differentiated by: a site of a layer, or its MLP output matrix. */
export type Wrt = SiteAt | { weight: "mlpOut"; layer: number };

/**
 * A run's loss and its gradients: sites as [batch, token, width], the matrix as [dMlp, dModel].
 *
 * Blocks below the lowest layer asked for are run, not differentiated.
 */
export async function gradient(
  model: Transformer,
  run: Run,
  { loss, wrt }: { loss: Loss; wrt: readonly Wrt[] },
): Promise<{ loss: number; gradients: Float32Array[] }> {
  checkRun(model, run);
  const pass = passOf(run);
  const { memory } = model;
  const { blocks, hidden } = await record(model, run, wrt);
  const result = await evaluateLoss(model, hidden, pass, loss);
  memory.release(hidden);
  const gradients: Float32Array[] = [];
  const take = async (matches: (at: Wrt) => boolean, tensor: Tensor) => {
    for (const [i, at] of wrt.entries()) {
      if (matches(at)) gradients[i] = Float32Array.from(await memory.read(tensor));
    }
  };
  let cotangent = result.gradient;
  for (const { layer, block, asked, input } of blocks.reverse()) {
    await take((at) => isSite(at, "hidden", layer), cotangent);
    const found = await block.backward(cotangent);
    for (const name of asked) {
      await take((at) => isSite(at, name, layer), found[name]!);
      memory.release(found[name]!);
    }
    memory.release(cotangent);
    memory.release(input);
    cotangent = found.x;
  }
  await take((at) => isSite(at, "hidden", blocks.at(-1)!.layer - 1), cotangent);
  await take((at) => "site" in at && at.site === "embed", cotangent);
  memory.release(cotangent);
  return { loss: totalLoss(loss, result), gradients };
}

const isSite = (at: Wrt, name: string, layer: number) =>
  at.layer === layer && ("site" in at ? at.site === name : at.weight === name);

function totalLoss({ nll, kl = [] }: Loss, values: { nll: Float32Array; kl: Float32Array }) {
  const terms = nll.map(({ weight }, i) => weight * values.nll[i]);
  const divergences = kl.map(({ weight }, i) => weight * values.kl[i]);
  return [...terms, ...divergences].reduce((sum, term) => sum + term, 0);
}

interface RecordedLayer {
  layer: number;
  block: Recorded;
  asked: BlockGradient[];
  input: Tensor;
}

/** Runs forward, recording every block from the lowest that a gradient is asked for. */
async function record(model: Transformer, run: Run, wrt: readonly Wrt[]) {
  const pass = passOf(run);
  const interventions = run.interventions ?? [];
  const lowest = Math.min(...wrt.map((at) => ("site" in at && at.site === "embed" ? 0 : at.layer)));
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
    const asked = gradientsOf(wrt, layer);
    const block = await recordBlock(model, request, asked);
    blocks.push({ layer, block, asked, input: hidden });
    hidden = block.hidden;
  }
  return { blocks, hidden };
}

/** The gradients asked for inside a block; those of `hidden` and `embed` pass between blocks. */
function gradientsOf(wrt: readonly Wrt[], layer: number): BlockGradient[] {
  const names = wrt.flatMap((at) => {
    if (at.layer !== layer) return [];
    if ("weight" in at) return [at.weight];
    return at.site === "hidden" || at.site === "embed" ? [] : [at.site];
  });
  return [...new Set<BlockGradient>(names)].sort();
}
