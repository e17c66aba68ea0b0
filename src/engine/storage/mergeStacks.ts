/** One place of a kept stack of edits. */
export interface Place {
  id: string;
  on: boolean;
  /** What was overwritten, where it is known. */
  truth: string;
}

/**
 * The stack that two tabs have together: what either added, without what either removed, in the order in which it came.
 * An edit is on or off as the tab says that switched it last.
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
  return was && is && was.on !== is.on ? { ...place, on: is.on } : place;
}

const byId = (places: readonly Place[]) => new Map(places.map((place) => [place.id, place]));
