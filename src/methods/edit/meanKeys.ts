import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Model } from "../../engine/Model.ts";
import { runContext, type ContextRows } from "./contextRuns.ts";
import type { ContextGroups } from "./contextTemplates.ts";
import type { EditRequest } from "./editRequest.ts";
import { editRows } from "./editRows.ts";
import type { SubjectNoise } from "./Objective.ts";
import type { RowNoise } from "./subjectNoise.ts";
import { templateSpan, lookupIndex, type FactToken } from "../prompt/subject.ts";

/** Facts per run: enough to fill the machine, few enough for any memory. */
export const FACTS_PER_RUN = 64;

/** Where keys and states are looked up. */
export interface LookUpAt extends Stoppable {
  layer: number;
  factToken: FactToken;
  noise?: SubjectNoise | undefined;
}

/**
 * The facts' keys at a layer, on the model as it is now (METHODS 5.3): at the lookup token, the mean over
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
      const how = { context, contexts: groups.flat(), site: "key" } as const;
      const found = await siteAtLookups(model, facts, { ...at, ...how });
      found.forEach((key, fact) => key.forEach((x, i) => (keys[fact][i] += share * x)));
    }
  }
  return keys;
}

/**
 * The facts' states h at a layer, at the lookup token of the bare prompt, on the model as it is now (METHODS 5.4).
 *
 * @param groups the contexts that the search had, which tell the bare prompt's noise
 * @returns per fact h [dModel]
 */
export function bareStates(
  model: Model,
  facts: EditRequest[],
  groups: ContextGroups,
  at: LookUpAt,
): Promise<Float64Array[]> {
  const how = { context: "{}", contexts: groups.flat(), site: "hidden" } as const;
  return siteAtLookups(model, facts, { ...at, ...how });
}

/** Which site is looked up under which context, of all that the search had. */
interface LookUpSite extends LookUpAt {
  context: string;
  contexts: string[];
  site: "key" | "hidden";
}

async function siteAtLookups(
  model: Model,
  facts: EditRequest[],
  at: LookUpSite,
): Promise<Float64Array[]> {
  const { layer, site, signal } = at;
  const found: Float64Array[] = [];
  for (let first = 0; first < facts.length; first += FACTS_PER_RUN) {
    signal?.throwIfAborted();
    const rows = rowsToLookup(model, facts.slice(first, first + FACTS_PER_RUN), at);
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
function rowsToLookup(model: Model, facts: EditRequest[], at: LookUpSite): ContextRows {
  const { tokenizer } = model;
  const { context, factToken, noise } = at;
  const templates = facts.map(({ prompt }) => templateSpan(context, prompt).text);
  const lookups = facts.map(({ subject }, i) =>
    lookupIndex(tokenizer, templates[i], subject, factToken),
  );
  const tokens = facts.map(({ subject }, i) =>
    tokenizer.encode(templateSpan(templates[i], subject).text).slice(0, lookups[i] + 1),
  );
  return { tokens, lookups, noise: noise && facts.map((fact) => noiseUnder(model, fact, at)) };
}

/** A fact's noise under one context: what the search had in that row. */
function noiseUnder(
  model: Model,
  fact: EditRequest,
  { context, contexts, factToken, noise }: LookUpSite,
): RowNoise {
  const rows = editRows(model, fact, { contexts, factToken, noise });
  const row = contexts.indexOf(context);
  return rows.noise![row < 0 ? rows.bare : row];
}
