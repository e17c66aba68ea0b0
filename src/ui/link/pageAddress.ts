import { addressOf } from "../model/modelAddress.ts";
import type { Address, Spot } from "../place/address.ts";
import type { ModelView } from "../../../workers/protocol/protocol.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import type { FactsDesk } from "../facts/FactsDesk.svelte.ts";
import type { ModelDesk } from "../model/ModelDesk.svelte.ts";
import type { StudiesDesk } from "../study/StudiesDesk.svelte.ts";
import type { LinkDesk } from "./LinkDesk.svelte.ts";

/** The parts of a session that its address is about. */
interface Addressed {
  readonly model: ModelView | null;
  readonly draft: Draft;
  readonly models: ModelDesk;
  readonly link: Pick<LinkDesk, "view">;
  readonly tables: Pick<FactsDesk, "head">;
  readonly studies: Pick<StudiesDesk, "tab">;
}

/** The address that brings back what a session shows, in a place. */
export function pageAddress(
  { draft, models, link, tables, studies, model }: Addressed,
  { place, item }: Spot,
): Address {
  const { asked } = models;
  const precision = asked?.precision ?? model?.precision ?? models.precision;
  const own = {
    fact: () => draft.view(),
    facts: () => ({ ...draft.viewOfMany(), table: item && tables.head?.name }),
    studies: () => (item ? { tab: studies.tab } : {}),
    edits: () => ({}),
  };
  const view = {
    ...own[place](),
    ...link.view(place),
    ...models.view(),
    model: asked?.place ? addressOf(asked.source) : draft.model,
    precision: precision === "f32" ? undefined : precision,
  };
  return { place, item, view: view as Address["view"] };
}
