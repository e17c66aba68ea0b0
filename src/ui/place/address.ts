import { decodeView, encodeView, type View } from "../viewHash.ts";

/** The places of the page, in the order in which they stand. */
export const placeNames = ["fact", "facts", "studies", "edits"] as const;
export type PlaceName = (typeof placeNames)[number];

/** Where the reader is: a place, and the thing in it that is looked at, if one is. */
export interface Spot {
  place: PlaceName;
  item: string;
}

/** A spot and what its link brings back there. */
export interface Address extends Spot {
  view: Partial<View>;
}

/** `#/facts/cities?model=demo`: a place, a thing in it, and the view. */
export function encodeAddress({ place, item, view }: Address): string {
  const query = encodeView(view);
  return `#/${place}${item && `/${encodeURIComponent(item)}`}${query && `?${query}`}`;
}

/**
 * What an address says; what is unknown in it is ignored. A link of before there were places is one of a fact, or of many.
 *
 * @param methods the editors' names, see decodeView
 */
export function decodeAddress(hash: string, methods: readonly string[] = []): Address {
  const text = hash.replace(/^#/, "");
  if (!text.startsWith("/")) {
    const { many, ...view } = decodeView(text, methods);
    return { place: many ? "facts" : "fact", item: "", view };
  }
  const [path, ...query] = text.slice(1).split("?");
  const [name, item = ""] = path.split("/");
  const place = placeNames.find((known) => known === name) ?? "fact";
  return { place, item: decoded(item), view: decodeView(query.join("?"), methods) };
}

function decoded(item: string): string {
  try {
    return decodeURIComponent(item);
  } catch {
    return item;
  }
}
