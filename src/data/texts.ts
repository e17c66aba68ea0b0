/**
 * The texts of a corpus file: the members of a JSON list, or the lines of plain text, as the rows of
 * Hugging Face's wikitext are lines (METHODS 3). Empty ones are dropped.
 *
 * @throws when there is none, or a JSON list holds something else than texts
 */
export function parseTexts(content: string, what = "the corpus"): string[] {
  const texts = fromJson(content, what) ?? content.split(/\r?\n/);
  const filled = texts.filter((text) => text.trim() !== "");
  if (filled.length === 0) throw new Error(`${what} has no text in it`);
  return filled;
}

/** The members of a JSON list; nothing where the content is plain text, which may begin with a bracket too. */
function fromJson(content: string, what: string): string[] | undefined {
  if (!content.trimStart().startsWith("[")) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  throw new Error(`${what} is JSON, but not a list of texts`);
}
