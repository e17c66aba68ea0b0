import type { Gpu } from "../../kernels/device/Gpu.ts";
import type { ModelConfig } from "../architecture/config.ts";
import type { ModelLayout } from "../checkpoint/layout.ts";
import type { Weights } from "../checkpoint/weights.ts";
import type { Memory } from "../runtime/Memory.ts";
import type { Programs } from "../runtime/Programs.ts";
import type { Runtime } from "../runtime/Runtime.ts";

/** A checkpoint where it is computed with: what every part of a `Transformer` needs of it. */
export interface OnDevice {
  readonly config: ModelConfig;
  readonly runtime: Runtime;
  readonly memory: Memory;
  readonly programs: Programs;
  /** What the kernels put on the device, where the runtime computes on one. */
  readonly gpu: Gpu | undefined;
  /** How the matrices lie on the device. */
  readonly layout: ModelLayout;
  readonly weights: Weights;
}
