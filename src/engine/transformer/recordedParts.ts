import { buildBlockGradient } from "../graphs/blockGradient.ts";
import { valueBytes } from "../graphs/graphBytes.ts";
import type { ModelConfig } from "../architecture/config.ts";
import type { ModelLayout } from "../checkpoint/layout.ts";
import type { Provider } from "../runtime/Runtime.ts";

/** Bytes saved between forward and backward beyond which rows go through in several parts. */
const MOST_SAVED = 2 ** 30;

/** What decides how many rows are differentiated at once. */
export interface RecordedRows {
  rows: number;
  /** Positions a row. */
  width: number;
  /** Rows and positions of the kept run that is continued. */
  past: { rows: number; width: number };
  /** Blocks that are differentiated. */
  layers: number;
}

/**
 * Rows as parts [begin, end) of which each saves a GiB at most for its backward run, where it can: a device's memory is
 * small, and rows do not see each other. On the cpu provider they stay together.
 *
 * @param most bytes saved at once; by default as above
 */
export function recordedParts(
  model: { config: ModelConfig; layout: ModelLayout },
  provider: Provider,
  size: RecordedRows,
  most = provider === "cpu" ? Infinity : MOST_SAVED,
): [begin: number, end: number][] {
  const { rows, layers } = size;
  const each =
    most === Infinity ? rows : Math.floor(most / Math.max(1, layers * savedByRow(model, size)));
  const count = Math.ceil(rows / Math.max(1, each));
  const even = Math.ceil(rows / count);
  return Array.from({ length: Math.ceil(rows / even) }, (_, i) => [
    i * even,
    Math.min(rows, (i + 1) * even),
  ]);
}

/** Bytes that one block saves for one row. */
function savedByRow(
  model: { config: ModelConfig; layout: ModelLayout },
  { width, past }: RecordedRows,
): number {
  const { graph, backward, boundary } = buildBlockGradient(model.config, model.layout, {
    past: true,
  });
  const dims = { batch: 1, token: width, past: past.width, pastBatch: past.rows, rank: 0 };
  return Object.values(graph.saved(backward, boundary)).reduce(
    (sum, value) => sum + valueBytes(value, dims),
    0,
  );
}
