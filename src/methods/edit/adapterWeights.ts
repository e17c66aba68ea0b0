import { combine, denseOf } from "../../data/delta/combine.ts";
import { type Delta, isLowRank } from "../../data/delta/delta.ts";
import type { FullWeight } from "../../data/delta/peft.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import { namedWeights } from "../../engine/architecture/namedWeights.ts";
import { isStoredInOut } from "../../engine/architecture/weightNames.ts";
import { transpose } from "../../engine/checkpoint/transpose.ts";
import type { Model } from "../../engine/Model.ts";

/**
 * What a LoRA adapter cannot say with factors, as whole modules with their changes: each that has a dense change or is a
 * table of tokens, with all its weights as the checkpoint keeps them. Nothing where every change has factors.
 *
 * @throws a sentence where the embedding is the head too, which PEFT would tear apart
 */
export async function adapterWeights(
  model: Model,
  delta: Delta,
): Promise<Record<string, FullWeight>> {
  const weights = namedWeights(model.config);
  const changes = new Map(combine(delta.weights).map((entry) => [entry.weight, entry.change]));
  const modules = new Set<string>();
  for (const [name, change] of changes) {
    const table = weights.get(name)?.kind === "table";
    if (table && model.config.tied) {
      throw new Error(
        `${name} is the embedding and the head, which an adapter cannot change together; save a delta, or merge it`,
      );
    }
    if (table || !isLowRank(change)) modules.add(moduleOf(name));
  }
  const full: Record<string, FullWeight> = {};
  for (const { name, kind, shape } of weights.values()) {
    if (!modules.has(moduleOf(name))) continue;
    const change = changes.get(name);
    const added = change && denseOf(change);
    const frozen = await model.readWeight(name);
    const data = added ? frozen.map((x, i) => x + added[i]) : Float32Array.from(frozen);
    const turned = kind === "matrix" && !isStoredInOut(architectureOf(model.config), name);
    full[name] = turned
      ? { shape: shape.toReversed(), data: transpose(data, [shape[0], shape[1]]) }
      : { shape, data };
  }
  return full;
}

const moduleOf = (name: string) => name.replace(/\.(weight|bias)$/, "");
