import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { text } from "../outside/kinds.ts";
import { parseJson, readJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";

/** How a corpus file is cut into texts; {@link textForms} says what each means. */
export type TextForm = keyof typeof textForms;

/** The forms of a corpus file. */
export const textForms = {
  wikitext: "articles, each under a line “ = Title = ”",
  lines: "one text a line",
  paragraphs: "texts with an empty line between them",
  json: "a JSON list of texts",
} as const;

/** What {@link parseTexts} is told. */
export interface TextOptions {
  /** What messages call the file. */
  what?: string;
  /** Default: {@link detectForm}'s guess. */
  form?: TextForm | undefined;
}

/** An article's first line in WikiText: one equals sign on either side, where its sections have two or more. */
const TITLE = /^ = (?!=).*(?<!=) = ?$/;
const BLANK = /^\s*$/;

/**
 * The texts of a corpus. Empty ones are dropped; the rows of Hugging Face's wikitext, which the authors read, are its
 * `lines` (METHODS 3).
 *
 * @throws when there is none, or what should be a JSON list of texts is something else
 */
export function parseTexts(content: string, options: TextOptions = {}): string[] {
  const { what = "the corpus", form = detectForm(content) } = options;
  const texts = form === "json" ? fromJson(content, what) : split(content, form);
  const filled = texts.filter((text) => !BLANK.test(text));
  if (filled.length === 0) throw new Error(`${shown(what, 100)} has no text in it`);
  return filled;
}

/**
 * As {@link parseTexts}, of a file that comes in pieces, which may be larger than the longest string.
 *
 * @param chunks pieces of the file as text, cut anywhere
 */
export async function readTexts(
  chunks: AsyncIterable<string>,
  options: TextOptions = {},
): Promise<string[]> {
  const { what = "the corpus" } = options;
  const texts: string[] = [];
  let { form } = options;
  let rest = "";
  for await (const chunk of chunks) {
    rest += chunk;
    if (rest.length < ENOUGH) continue;
    form ??= detectForm(rest);
    if (form === "json") continue;
    const end = lastCut(rest, form);
    for (const text of split(rest.slice(0, end), form)) if (!BLANK.test(text)) texts.push(text);
    rest = rest.slice(end);
  }
  form ??= detectForm(rest);
  for (const text of form === "json" ? fromJson(rest, what) : split(rest, form)) {
    if (!BLANK.test(text)) texts.push(text);
  }
  if (texts.length === 0) throw new Error(`${shown(what, 100)} has no text in it`);
  return texts;
}

/** Characters that are read before texts are cut off, and that a form is guessed from. */
const ENOUGH = 2 ** 20;

/**
 * A file's likeliest form: a JSON list; WikiText where a title line is among the first lines; paragraphs where empty
 * lines are there and most lines go on in the next one; else lines.
 */
export function detectForm(content: string): TextForm {
  if (/^\s*\[\s*"/.test(content) && content.length >= ENOUGH) return "json";
  if (/^\s*\[/.test(content) && parses(content)) return "json";
  const lines = content.slice(0, ENOUGH).split(/\r?\n/);
  if (lines.slice(0, 100).some((line) => TITLE.test(line))) return "wikitext";
  const followed = lines.filter((line, i) => !BLANK.test(line) && !BLANK.test(lines[i + 1] ?? ""));
  const wrapped = followed.filter((line) => !/[.!?:;"”’)\]]\s*$/.test(line)).length;
  return wrapped > followed.length / 2 && lines.some((line, i) => isBetween(lines, line, i))
    ? "paragraphs"
    : "lines";
}

const isBetween = (lines: string[], line: string, i: number) =>
  BLANK.test(line) && i > 0 && i < lines.length - 1;

const LARGE = { bytes: bounds.cases, values: bounds.caseValues };

function parses(content: string): boolean {
  try {
    return Array.isArray(parseJson(content, "the corpus", LARGE));
  } catch {
    return false;
  }
}

const fromJson = (content: string, what: string): string[] =>
  readJson(content, v.array(text, "a list of texts"), what, LARGE);

function split(content: string, form: Exclude<TextForm, "json">): string[] {
  if (form === "lines") return content.split(/\r?\n/);
  if (form === "paragraphs") return content.split(/(?:\r?\n[^\S\n]*){2,}/);
  const articles: string[] = [];
  let begin = 0;
  for (const { index } of content.matchAll(/^ = (?!=)[^\n]*(?<!=) = ?\r?$/gm)) {
    if (isTitle(content, index)) {
      articles.push(content.slice(begin, index));
      begin = index;
    }
  }
  return [...articles, content.slice(begin)];
}

/** A title stands between empty lines, or at the beginning: formulas in an article's text look like it too. */
function isTitle(content: string, index: number): boolean {
  const before = content.slice(Math.max(0, index - 8), index);
  return BLANK.test(before) || /\n\s*\n[^\S\n]*$/.test(before);
}

/** The end of the last whole text; what follows it waits for the next piece. */
function lastCut(content: string, form: Exclude<TextForm, "json">): number {
  if (form === "lines") return content.lastIndexOf("\n") + 1;
  const texts = split(content, form);
  return texts.length > 1 ? content.length - texts[texts.length - 1].length : 0;
}
