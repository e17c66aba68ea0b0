/** One place of a kept stack of edits. */
export interface Place {
  id: string;
  on: boolean;
  /** What was overwritten, where it is known. */
  truth: string;
  /** What its ΔW is multiplied by; 1 where absent. */
  strength?: number | undefined;
}

/**
 * The stack that two tabs have together: what either added, without what either removed, in the order in which it came.
 * An edit is on or off, and as strong, as the tab says that changed it last.
 *
 * @param told what this tab had when it last said what it has
 * @param mine what it has now
 * @param theirs what is kept
 */
export function mergeStacks(
  told: readonly Place[],
  mine: readonly Place[],
  theirs: readonly Place[],
): Place[] {
  const [before, now] = [byId(told), byId(mine)];
  const stay = theirs.filter(({ id }) => now.has(id) || !before.has(id));
  const there = byId(theirs);
  const added = mine.filter(({ id }) => !there.has(id) && !before.has(id));
  return [...stay.map((place) => switched(place, before, now)), ...added];
}

function switched(place: Place, before: Map<string, Place>, now: Map<string, Place>): Place {
  const [was, is] = [before.get(place.id), now.get(place.id)];
  if (!was || !is) return place;
  const turned = was.on === is.on ? place : { ...place, on: is.on };
  return was.strength === is.strength ? turned : { ...turned, strength: is.strength };
}

const byId = (places: readonly Place[]) => new Map(places.map((place) => [place.id, place]));
