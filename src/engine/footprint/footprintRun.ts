import type { Footprint, KeptSize } from "./Footprint.ts";
import type { SiteAt } from "../architecture/sites.ts";
import type { BlockOutput } from "../transformer/Transformer.ts";

/** A `Run` by its sizes. */
export interface RunSize {
  rows: number;
  /** Tokens of the longest row, those of the prefix included. */
  width: number;
  prefix?: { kept: KeptSize; token: number } | undefined;
  watch?: readonly SiteAt[];
  toLayer?: number | undefined;
  keep?: boolean | "keys";
  /** Positions whose log-probabilities are read: of all tokens, or of one target each. */
  readout?: number;
  targeted?: boolean;
}

/** What `run` takes and gives back; the kept states are left. */
export function runFootprint(on: Footprint, request: RunSize): KeptSize {
  const { config } = on;
  const { rows, width, prefix, keep, toLayer = config.layers - 1, watch = [] } = request;
  const pass = { rows, width: width - (prefix?.token ?? 0), past: prefix?.kept };
  const embedded = on.embed(
    pass,
    watch.some(({ site }) => site === "embed"),
  );
  on.give(embedded.embed);
  let { hidden } = embedded;
  const before = on.bytes - hidden;
  const full = { rows, width };
  if (keep === true) on.take(on.state(full));
  for (let layer = 0; layer <= toLayer; layer++) {
    const sites = watch.filter((at) => at.layer === layer && at.site !== "embed");
    const outputs = new Set<BlockOutput>(["hidden", ...sites.map((at) => at.site as BlockOutput)]);
    if (keep) outputs.add("keys").add("values");
    const results = on.block({ layer, pass, outputs: [...outputs] });
    on.give(hidden);
    hidden = results.hidden;
    if (keep) on.take(on.state(full) * (keep === true ? 3 : 2));
    for (const name of outputs) if (name !== "hidden") on.give(results[name]);
  }
  if (request.readout) on.readout(request.readout, request.targeted ?? false);
  on.give(hidden);
  return { rows, width, bytes: on.bytes - before };
}

/** What `generate` takes for prompts of one token: a run per token, each beside the states of the one before. */
export function generateFootprint(
  on: Footprint,
  { rows, tokens }: { rows: number; tokens: number },
): void {
  let kept: KeptSize | undefined;
  for (let width = 1; width < tokens; width++) {
    const prefix = kept && { prefix: { kept, token: kept.width } };
    const next = runFootprint(on, { rows, width, keep: "keys", readout: rows, ...prefix });
    on.give(kept?.bytes ?? 0);
    kept = next;
  }
  on.give(kept?.bytes ?? 0);
}
