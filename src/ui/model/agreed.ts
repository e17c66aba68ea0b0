const KEY = "palimpsest.agreed";

/** Addresses that are remembered; who opens more is asked again about the first. */
const MOST = 200;

/** For this visit, where site data is blocked. */
let here: string[] = [];

function known(): string[] {
  try {
    return localStorage.getItem(KEY)?.split("\n") ?? [];
  } catch {
    return here;
  }
}

/**
 * Whether the reader has opened what lies at an address, or said yes to a link's question about it: then a link may bring
 * it back, as the page's own does when it is loaded again.
 */
export function isAgreed(url: string): boolean {
  return known().includes(url);
}

/** Remembers that the reader chose an address, of a model or of a mirror. */
export function agree(url: string) {
  here = [url, ...known().filter((other) => other !== url)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, here.join("\n"));
  } catch {
    // Site data is blocked or full: it holds until the page is closed.
  }
}
