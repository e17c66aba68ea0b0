import { fillTemplate } from "../../data/facts/template.ts";
import type { Tokenizer } from "../../engine/checkpoint/Tokenizer.ts";

/** Where in the prompt a fact is looked up (METHODS 4.3). */
export type FactToken = "subject_last" | "subject_first" | "subject_first_after_last" | "last";

/** What the functions here need of a tokenizer. */
export type ByteTokenizer = Pick<Tokenizer, "encode" | "bytes">;

/** A prompt with its subject filled in, and where that is, in UTF-16 units [begin, end). */
export interface SubjectSpan {
  text: string;
  begin: number;
  end: number;
}

/**
 * Finds the subject in a prompt, which either holds one `{}` for it or its words.
 *
 * @param occurrence which of several occurrences is meant, from 0; needed only where there are several
 * @throws when the subject is empty, not in the prompt, or in it more than once with no choice made
 */
export function subjectSpan(prompt: string, subject: string, occurrence?: number): SubjectSpan {
  if (prompt.trim() === "") throw new Error("the prompt is empty; type a sentence to complete");
  if (subject === "") throw new Error("the subject is empty; mark some words of the prompt");
  if (prompt.includes("{}")) return templateSpan(prompt, subject);
  const begins = occurrences(prompt, subject);
  if (begins.length === 0) {
    throw new Error(`subject "${subject}" is not in the prompt; use the words exactly as typed`);
  }
  if (begins.length > 1 && occurrence === undefined) {
    throw new Error(
      `subject "${subject}" is in the prompt ${begins.length} times; choose an occurrence from 0 to ${begins.length - 1}`,
    );
  }
  const begin = begins[occurrence ?? 0] as number | undefined;
  if (begin === undefined) {
    throw new Error(`invalid occurrence: ${occurrence} (the subject is there ${begins.length}×)`);
  }
  return { text: prompt, begin, end: begin + subject.length };
}

/**
 * The subject in the place of the template's one `{}`, and where it stands.
 *
 * @throws unless the template has exactly one `{}`
 */
export function templateSpan(template: string, subject: string): SubjectSpan {
  const begin = checkTemplate(template).indexOf("{}");
  return { text: fillTemplate(template, subject), begin, end: begin + subject.length };
}

/**
 * The prompt as a template with `{}` for the subject; what already is one stays as it is.
 *
 * @throws like {@link subjectSpan}
 */
export function promptTemplate(prompt: string, subject: string, occurrence?: number): string {
  if (prompt.includes("{}")) return checkTemplate(prompt);
  const { text, begin, end } = subjectSpan(prompt, subject, occurrence);
  return `${text.slice(0, begin)}{}${text.slice(end)}`;
}

/** The template itself. @throws unless it has exactly one `{}` */
export function checkTemplate(template: string): string {
  const places = template.split("{}").length - 1;
  if (places !== 1) {
    throw new Error(
      `invalid template: "${template}" (it needs one {} for the subject and has ${places})`,
    );
  }
  return template;
}

/**
 * The tokens [begin, end) that hold the subject (METHODS 2.2): from the first token that ends after the
 * subject's start to the first that reaches its end. Counted in bytes, so that a token that holds a part
 * of a character is no obstacle.
 *
 * @param ids the tokens of `span.text`, where they are known already
 */
export function subjectRange(
  tokenizer: ByteTokenizer,
  span: SubjectSpan,
  ids = tokenizer.encode(span.text),
): [number, number] {
  const beginByte = utf8Length(span.text.slice(0, span.begin));
  const endByte = beginByte + utf8Length(span.text.slice(span.begin, span.end));
  const ends = cumulativeBytes(tokenizer, ids);
  const begin = ends.findIndex((end) => end > beginByte);
  const last = ends.findIndex((end) => end >= endByte);
  if (begin < 0 || last < 0) {
    throw new Error(`the tokens of "${span.text}" do not spell it; is this the model's tokenizer?`);
  }
  return [begin, last + 1];
}

/**
 * The token at which an edit looks the fact up, in `template` with the subject for its `{}` (METHODS 4.3).
 * The authors tokenise the three pieces separately; wherever that gives the tokens of the whole, this is
 * the same index. `last` is the last token of the prompt itself: neither padding nor the target counts.
 *
 * @throws unless the template has exactly one `{}`
 */
export function lookupIndex(
  tokenizer: ByteTokenizer,
  template: string,
  subject: string,
  factToken: FactToken = "subject_last",
): number {
  const span = templateSpan(template, subject);
  const ids = tokenizer.encode(span.text);
  if (factToken === "last") return ids.length - 1;
  const [begin, end] = subjectRange(tokenizer, span, ids);
  if (factToken === "subject_first") return begin;
  if (factToken === "subject_last") return end - 1;
  return Math.min(end, ids.length - 1);
}

function occurrences(text: string, words: string): number[] {
  const begins: number[] = [];
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) begins.push(at);
  return begins;
}

function cumulativeBytes(tokenizer: ByteTokenizer, ids: number[]): number[] {
  let end = 0;
  return tokenizer.bytes(ids).map((bytes) => (end += bytes.length));
}

const utf8Length = (text: string): number => new TextEncoder().encode(text).length;
