/** A file name out of a sentence: `the-space-needle-paris`. */
export const fileName = (...words: string[]) =>
  words
    .join(" ")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80) || "palimpsest";
