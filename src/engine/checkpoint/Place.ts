import type { Tensor } from "onnxruntime-common";
import type { Orientation } from "../architecture/Architecture.ts";
import type { Layout } from "./precision.ts";

/** One tensor of the checkpoint, and where it goes. */
export interface Place {
  /** In the checkpoint. */
  name: string;
  /** Within `into`. */
  key: string;
  /** [inputs, outputs] or [n], as the graphs have it. */
  shape: readonly number[];
  into: Record<string, Tensor>;
  /** Present for matrices. */
  layout?: Layout | undefined;
  /** How the checkpoint keeps a matrix. */
  stored?: Orientation | undefined;
  /** A table of tokens, one row each, which stays so. */
  table: boolean;
}

/** A matrix, and where it goes. */
export type MatrixPlace = Place & { layout: Layout };
