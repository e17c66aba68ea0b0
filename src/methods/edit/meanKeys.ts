import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Model } from "../../engine/Model.ts";
import { runContext, type ContextRows } from "./contextRuns.ts";
import type { ContextGroups } from "./contextTemplates.ts";
import type { EditRequest } from "./editRequest.ts";
import { fillTemplate, lookupIndex, type FactToken } from "../prompt/subject.ts";

/** Facts per run: enough to fill the machine, few enough for any memory. */
export const FACTS_PER_RUN = 64;

/** Where keys and states are looked up. */
export interface LookUpAt extends Stoppable {
  layer: number;
  factToken: FactToken;
}

/**
 * The facts' keys at a layer, on the model as it is now (METHODS 5.3; MEMIT eq. 14): at the lookup token, the mean over
 * the contexts of each group, then over the groups.
 *
 * @returns per fact k [dMlp]
 */
export async function meanKeys(
  model: Model,
  facts: EditRequest[],
  groups: ContextGroups,
  at: LookUpAt,
): Promise<Float64Array[]> {
  const keys = facts.map(() => new Float64Array(model.config.dMlp));
  for (const group of groups) {
    const share = 1 / (groups.length * group.length);
    for (const context of group) {
      const found = await siteAtLookups(model, facts, { ...at, context, site: "key" });
      found.forEach((key, fact) => key.forEach((x, i) => (keys[fact][i] += share * x)));
    }
  }
  return keys;
}

/**
 * The facts' states h at a layer, at the lookup token of the bare prompt, on the model as it is now (METHODS 5.4).
 *
 * @returns per fact h [dModel]
 */
export function bareStates(
  model: Model,
  facts: EditRequest[],
  at: LookUpAt,
): Promise<Float64Array[]> {
  return siteAtLookups(model, facts, { ...at, context: "{}", site: "hidden" });
}

async function siteAtLookups(
  model: Model,
  facts: EditRequest[],
  {
    layer,
    factToken,
    context,
    site,
    signal,
  }: LookUpAt & { context: string; site: "key" | "hidden" },
): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (let at = 0; at < facts.length; at += FACTS_PER_RUN) {
    signal?.throwIfAborted();
    const rows = rowsToLookup(model, facts.slice(at, at + FACTS_PER_RUN), { context, factToken });
    const { watched } = await runContext(model, rows, {
      watch: [{ site, layer }],
      toLayer: layer,
      signal,
    });
    found.push(...watched[0]);
  }
  return found;
}

/** The rows of one context up to their lookups: nothing after them changes what is there. */
function rowsToLookup(
  { tokenizer }: Model,
  facts: EditRequest[],
  { context, factToken }: { context: string; factToken: FactToken },
): ContextRows {
  const templates = facts.map(({ prompt }) => fillTemplate(context, prompt).text);
  const lookups = facts.map(({ subject }, i) =>
    lookupIndex(tokenizer, templates[i], subject, factToken),
  );
  const tokens = facts.map(({ subject }, i) =>
    tokenizer.encode(fillTemplate(templates[i], subject).text).slice(0, lookups[i] + 1),
  );
  return { tokens, lookups };
}
