import type { Linear, LinearRole, Norm, NormRole, Orientation } from "./Architecture.ts";
import { architectureOf } from "./architectures.ts";
import type { ModelConfig } from "./config.ts";

/** One weight of a block. */
export interface BlockWeight {
  /** Its name within the block: "mlp.c_proj.weight". */
  key: string;
  /** The linear map or norm that it belongs to. */
  module: string;
  role: LinearRole | NormRole;
  kind: "matrix" | "bias" | "gain";
  /** [inputs, outputs] of a matrix, whatever the checkpoint stores; [n]. */
  shape: readonly number[];
  /** How the checkpoint keeps a matrix. */
  stored?: Orientation;
}

/** The weights of a block, in the order in which `transformers` registers them (METHODS 1.4). */
export function blockWeights(config: ModelConfig): BlockWeight[] {
  const { modules, stored } = architectureOf(config);
  return modules(config).flatMap((module) =>
    "shape" in module ? linearWeights(module, stored) : normWeights(module, config.dModel),
  );
}

function linearWeights({ role, name, shape, bias }: Linear, stored: Orientation): BlockWeight[] {
  const at = { module: name, role };
  const matrix: BlockWeight = { ...at, key: `${name}.weight`, kind: "matrix", shape, stored };
  if (!bias) return [matrix];
  return [matrix, { ...at, key: `${name}.bias`, kind: "bias", shape: [shape[1]] }];
}

function normWeights({ role, name }: Norm, dModel: number): BlockWeight[] {
  const at = { module: name, role, shape: [dModel] };
  return [
    { ...at, key: `${name}.weight`, kind: "gain" },
    { ...at, key: `${name}.bias`, kind: "bias" },
  ];
}

/** The keys and shapes [inputs, outputs] of a block's matrices. */
export const blockMatrices = (config: ModelConfig): Record<string, [number, number]> =>
  Object.fromEntries(
    blockWeights(config).flatMap(({ key, kind, shape }) =>
      kind === "matrix" ? [[key, [shape[0], shape[1]]]] : [],
    ),
  );

/** The linear map or norm of a block with this role; undefined where the architecture has none. */
export function moduleOf(config: ModelConfig, role: LinearRole): Linear | undefined;
export function moduleOf(config: ModelConfig, role: NormRole): Norm | undefined;
export function moduleOf(
  config: ModelConfig,
  role: LinearRole | NormRole,
): Linear | Norm | undefined {
  return architectureOf(config)
    .modules(config)
    .find((module) => module.role === role);
}

/** The key of the matrix with this role: "mlp.c_proj.weight". Throws where the architecture has none. */
export function matrixKey(config: ModelConfig, role: LinearRole): string {
  const linear = moduleOf(config, role);
  if (!linear) throw new Error(`the architecture ${config.architecture} has no ${role} matrix`);
  return `${linear.name}.weight`;
}

/** The key of the MLP output matrix, which editors of facts change: "mlp.c_proj.weight". */
export const mlpOut = (config: ModelConfig): string => matrixKey(config, "mlpOut");
