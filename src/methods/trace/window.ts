import type { TraceRequest } from "../../data/trace/TraceRequest.ts";

/**
 * The layers [begin, end) whose MLP or attention outputs are restored together around `center`
 * (METHODS 2.5): max(0, l−⌊w/2⌋) up to min(L, l+⌈w/2⌉). So w = 10 restores l−5 … l+4, as the authors'
 * code does; the paper's text says l−4 … l+5.
 */
export function windowLayers(center: number, width: number, layers: number): [number, number] {
  return [
    Math.max(0, center - Math.floor(width / 2)),
    Math.min(layers, center + Math.ceil(width / 2)),
  ];
}

/** How many layers are restored together: always one for states. */
export const windowWidth = ({ kind, window }: Pick<TraceRequest, "kind" | "window">): number =>
  kind === "state" ? 1 : window;
