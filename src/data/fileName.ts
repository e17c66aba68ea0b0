const LONGEST = 80;

/**
 * A file name out of words: `the-space-needle-paris`. Letters of every script stay; what is too long ends after a whole
 * word.
 */
export function fileName(...words: string[]): string {
  const name = words
    .join(" ")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .normalize("NFC");
  return clipped(name) || "palimpsest";
}

function clipped(name: string): string {
  if (name.length <= LONGEST) return name;
  const end = name.lastIndexOf("-", LONGEST);
  return end > 0 ? name.slice(0, end) : Array.from(name.slice(0, LONGEST - 1)).join("");
}
