/** The facts that come with the page, where the page and the terminal's folder have them. */
export const PAGE_CASES = { file: "facts.json", path: "public/facts.json" } as const;
