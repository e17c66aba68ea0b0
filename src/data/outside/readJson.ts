import type { GenericSchema, InferOutput } from "valibot";
import { bounds } from "./bounds.ts";
import { checkShape } from "./checkShape.ts";
import { shown } from "./shown.ts";

/** How large a JSON text may be, where it is not any small file. */
export interface JsonBounds {
  /** In bytes, or characters of a text. */
  bytes?: number;
  /** Lists and objects within each other. */
  depth?: number;
  /** Members of lists and objects, all together. */
  values?: number;
}

/**
 * Reads JSON from outside: bounded in bytes, depth and values before anything is made of it, UTF-8 as it must be, without
 * members that name a prototype, and of the shape that is meant.
 *
 * @param what names the file in messages
 * @throws one sentence that names the file, and the field where it is one
 */
export function readJson<const S extends GenericSchema>(
  source: Uint8Array | string,
  schema: S,
  what: string,
  limits: JsonBounds = {},
): InferOutput<S> {
  return checkShape(parseJson(source, what, limits), schema, what);
}

/**
 * The value in JSON from outside, bounded as in {@link readJson}, of any shape.
 *
 * @throws one sentence that names the file
 */
export function parseJson(
  source: Uint8Array | string,
  what: string,
  { bytes = bounds.json, depth = bounds.jsonDepth, values = bounds.jsonValues }: JsonBounds = {},
): unknown {
  if (source.length > bytes) {
    throw new Error(
      `${shown(what, NAME)} is too large: ${source.length} bytes (at most ${bytes} for JSON of its kind)`,
    );
  }
  const text = typeof source === "string" ? source : decodeText(source, what);
  checkNesting(text, what, { depth, values });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${shown(what, NAME)} is not JSON: ${reason(text, cause)}`, { cause });
  }
  if (SUSPICIOUS.test(text)) checkTexts(value, what);
  return value;
}

/**
 * Bytes from outside as text.
 *
 * @throws one sentence where they are not UTF-8
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${shown(what, NAME)} is damaged: it is not UTF-8 text`, { cause });
  }
}

/** The longest name of a file in a sentence. */
const NAME = 100;

/** What JSON.parse says, without the text around it, which it quotes at length. */
function reason(text: string, cause: unknown): string {
  if (text.startsWith("\uFEFF")) return "it begins with a byte order mark";
  if (text.trim() === "") return "it is empty";
  const { message } = cause as Error;
  if (message.startsWith('"')) return "it holds something else";
  const [said] = message.split(/, "|, \.\.\.| in JSON| \(line/, 1);
  const at = /at position (\d+)/.exec(message)?.[1];
  if (at === undefined) return shown(said);
  return `${shown(said)} in line ${text.slice(0, Number(at)).split("\n").length}`;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** Counts brackets and commas outside strings: what is no JSON passes, and JSON.parse refuses it. */
function checkNesting(text: string, what: string, most: { depth: number; values: number }): void {
  let [depth, values] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
      continue;
    }
    if (OPEN.has(code)) {
      values++;
      if (++depth > most.depth) {
        throw new Error(
          `${shown(what, NAME)} is nested too deep: more than ${most.depth} lists and objects within each other`,
        );
      }
    } else if (CLOSE.has(code)) depth--;
    else if (code === COMMA && ++values > most.values) {
      throw new Error(`${shown(what, NAME)} holds too much: more than ${most.values} values`);
    }
  }
}

/** Where the string that begins at a quote ends. */
function endOfString(text: string, begin: number): number {
  let end = begin;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

/** What may spell a name of the prototype, or half a character. */
const SUSPICIOUS = /__proto__|\\u(?:005f|[dD][89a-fA-F])/i;

/** Refuses members called `__proto__`, which a copy could take for a prototype, and strings that are no text. */
function checkTexts(value: unknown, what: string): void {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string" && !next.isWellFormed()) {
      throw new Error(`${shown(what, NAME)} is damaged: ${shown(next)} holds half a character`);
    }
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, "__proto__")) {
      throw new Error(
        `${shown(what, NAME)} has a member called "__proto__", which no such file has`,
      );
    }
    for (const member of Object.values(next)) open.push(member);
    if (!Array.isArray(next)) open.push(...Object.keys(next));
  }
}
