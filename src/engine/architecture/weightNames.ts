import type { Architecture } from "./Architecture.ts";
import { architectureOf } from "./architectures.ts";
import { blockWeights } from "./blockWeights.ts";
import type { ModelConfig } from "./config.ts";

/** What lies outside the blocks, by what it is for. */
export type OuterKey =
  TableKey | "positionEmbedding" | "finalNorm.weight" | "finalNorm.bias" | "head.bias";

/** A matrix with one row a token: the embedding, and the head where it is another. */
export type TableKey = "tokenEmbedding" | "head";

/** One weight outside the blocks. */
export interface OuterWeight {
  key: OuterKey;
  /** In the checkpoint: "transformer.wte.weight". */
  name: string;
  /** [dModel, vocab] of a table, though it is stored by tokens; [positions, dModel]; [n]. */
  shape: number[];
  table: boolean;
}

/** What is outside the blocks of a model, the token embedding first, the head last. */
export function outerWeights(config: ModelConfig): OuterWeight[] {
  const { outer, prefix } = architectureOf(config);
  const { dModel, vocab, positions, tied } = config;
  const table = (key: TableKey, name: string): OuterWeight => ({
    key,
    name: `${name}.weight`,
    shape: [dModel, vocab],
    table: true,
  });
  const plain = (key: OuterKey, name: string, shape: number[]): OuterWeight => ({
    key,
    name,
    shape,
    table: false,
  });
  const weights = [table("tokenEmbedding", prefix + outer.tokenEmbedding)];
  if (outer.positionEmbedding !== undefined) {
    const name = `${prefix}${outer.positionEmbedding}.weight`;
    weights.push(plain("positionEmbedding", name, [positions, dModel]));
  }
  const norm = prefix + outer.finalNorm;
  weights.push(plain("finalNorm.weight", `${norm}.weight`, [dModel]));
  weights.push(plain("finalNorm.bias", `${norm}.bias`, [dModel]));
  if (!tied) weights.push(table("head", outer.head));
  if (!tied && outer.headBias) weights.push(plain("head.bias", `${outer.head}.bias`, [vocab]));
  return weights;
}

/** What the head's matrix is: the token embedding where they are tied. */
export const headKey = ({ tied }: ModelConfig): TableKey => (tied ? "tokenEmbedding" : "head");

/** A block's weight as the checkpoint calls it: "transformer.h.3.mlp.c_proj.weight". */
export function weightName(config: ModelConfig, layer: number, key: string): string {
  const { prefix, blocks } = architectureOf(config);
  return `${prefix}${blocks}.${layer}.${key}`;
}

/** A name without the prefix, as files of the bare model have it. */
export function bareName(config: ModelConfig, name: string): string {
  const { prefix } = architectureOf(config);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Layer and key of a block's weight, by its name with the prefix or without; undefined for any other name. */
export function parseWeightName(
  config: ModelConfig,
  name: string,
): { layer: number; key: string } | undefined {
  const { blocks } = architectureOf(config);
  const [start, number, ...rest] = bareName(config, name).split(".");
  const key = rest.join(".");
  if (start !== blocks || !/^\d+$/.test(number) || Number(number) >= config.layers)
    return undefined;
  if (!blockWeights(config).some((weight) => weight.key === key)) return undefined;
  return { layer: Number(number), key };
}

/** A tensor's name in a whole checkpoint: files of the bare model have no prefix; the head never has one. */
export function fullName({ prefix, blocks, outer }: Architecture, name: string): string {
  const [start] = name.split(".", 1);
  const { tokenEmbedding, positionEmbedding, finalNorm } = outer;
  const inner = [blocks, tokenEmbedding, positionEmbedding, finalNorm].includes(start);
  return inner ? prefix + name : name;
}

/** Whether a weight of this name is a block's matrix that is stored [inputs, outputs]; no other weight counts. */
export function isStoredInOut(architecture: Architecture, name: string): boolean {
  const { prefix, blocks, stored } = architecture;
  return stored === "inOut" && fullName(architecture, name).startsWith(`${prefix}${blocks}.`);
}
