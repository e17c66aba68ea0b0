import { placeNames, type PlaceName } from "./address.ts";

/** What the places are called. */
export const placeTitles: Record<PlaceName, string> = {
  fact: "Fact",
  facts: "Facts",
  studies: "Studies",
  edits: "Edits",
};

/** The places that stand in the page's navigation. */
export const shownPlaces = placeNames.map((place) => [place, placeTitles[place]] as const);
