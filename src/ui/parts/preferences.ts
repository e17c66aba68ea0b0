/**
 * What the reader chose for all visits: the device to compute on, the Hub’s mirror, whether single keys do something; and the
 * step at which the guide was left.
 */
export type Preference = "device" | "hub" | "keys" | "guide";

/** The choice; empty where there is none. */
export function preferred(which: Preference): string {
  try {
    return localStorage.getItem(`palimpsest.${which}`) ?? "";
  } catch {
    return ""; // site data is blocked
  }
}

/** Keeps a choice for the next visit; an empty one is forgotten. */
export function prefer(which: Preference, value: string) {
  try {
    if (value) localStorage.setItem(`palimpsest.${which}`, value);
    else localStorage.removeItem(`palimpsest.${which}`);
  } catch {
    // Site data is blocked: the choice holds until the page is closed.
  }
}
