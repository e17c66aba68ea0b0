import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { checkShape } from "../../data/outside/checkShape.ts";
import { flag, list, object, record, text } from "../../data/outside/kinds.ts";
import { shown } from "../../data/outside/shown.ts";

type Json = Record<string, unknown>;

/** An added token: text that is one token wherever it stands. */
export interface AddedToken {
  id: number;
  content: string;
}

/** A byte-level BPE that was checked, whole: nothing in it is what we do not know. */
export interface ByteLevelBpe {
  /** tokenizer.json as the library is given it. */
  json: Json;
  /** Every token by its id. */
  tokens: (string | undefined)[];
  added: AddedToken[];
}

/** Changes of the text that no pattern of the file's own takes part in. */
const NORMALIZERS = ["NFC", "NFD", "NFKC", "NFKD"];

const addedToken = object({
  content: v.pipe(text, v.nonEmpty("a token that is not empty")),
  lstrip: v.optional(flag),
  rstrip: v.optional(flag),
  normalized: v.optional(flag),
  special: v.optional(flag),
  // The library knows nothing of it, so that texts would have other tokens than Hugging Face gives them.
  single_word: v.optional(v.literal(false, "false, the only value that is supported")),
});

const absentOr = <const T extends "" | 0 | false>(value: T, expected: string) =>
  v.optional(v.nullable(v.literal(value, expected)));
const none = absentOr("", "nothing, the only value that is supported");
const no = absentOr(false, "false, the only value that is supported");

const bpe = object({
  type: v.optional(v.literal("BPE", "BPE")),
  vocab: record,
  merges: list(v.unknown(), bounds.merges),
  dropout: absentOr(0, "null, the only value that gives every text one spelling"),
  unk_token: v.optional(v.nullable(text)),
  continuing_subword_prefix: none,
  end_of_word_suffix: none,
  byte_fallback: no,
  ignore_merges: v.optional(flag),
});

const byteLevel = object({
  add_prefix_space: v.optional(flag),
  trim_offsets: v.optional(flag),
  use_regex: v.optional(flag),
});

/**
 * Checks what a tokenizer.json says, as strictly as Hugging Face's reader does where it is read here.
 *
 * @param what names the file in messages
 * @param vocab how many rows the model's embedding has
 * @throws one sentence: another kind of tokenizer, a step that is not GPT-2's or GPT-NeoX's, an id that the model has no
 *   row for or that two tokens share, a merge of what is no token
 */
export function checkByteLevelBpe(json: Json, what: string, vocab: number): ByteLevelBpe {
  const { model, added_tokens: list } = json;
  const { type, vocab: known, merges } = (model ?? {}) as Json;
  const other = type !== undefined && type !== "BPE";
  if (other || typeof known !== "object" || !Array.isArray(merges)) {
    throw new Error(`${shown(what)} is not a byte-level BPE, as GPT-2's and GPT-J's are`);
  }
  const checked = checkShape(model, bpe, `the model in ${what}`);
  const tokens: (string | undefined)[] = [];
  const ids = vocabularyIds(checked.vocab, what, { vocab, tokens });
  checkMerges(merges, ids, what);
  const added = checkAdded(list ?? [], what, { vocab, tokens, ids });
  return {
    json: {
      added_tokens: added,
      normalizer: stepOf(normalizers(json.normalizer, what), "normalizers"),
      pre_tokenizer: stepOf(splitters(json.pre_tokenizer, what), "pretokenizers"),
      post_processor: null,
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab: known, merges, ignore_merges: checked.ignore_merges ?? false },
    },
    tokens,
    added,
  };
}

const damaged = (what: string, reason: string) => new Error(`${shown(what)} is damaged: ${reason}`);

function checkId(id: unknown, token: string, what: string, vocab: number): asserts id is number {
  if (Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < vocab) return;
  throw damaged(what, `"${shown(token)}" has the id ${shown(id)} (a whole number below ${vocab})`);
}

function vocabularyIds(
  known: Json,
  what: string,
  { vocab, tokens }: { vocab: number; tokens: (string | undefined)[] },
): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(known)) {
    checkId(id, token, what, vocab);
    checkFree(tokens, id, token, what);
    tokens[id] = token;
    ids.set(token, id);
  }
  return ids;
}

function checkFree(
  tokens: readonly (string | undefined)[],
  id: number,
  token: string,
  what: string,
) {
  if (tokens[id] === undefined || tokens[id] === token) return;
  throw damaged(what, `"${shown(tokens[id])}" and "${shown(token)}" have the same id, ${id}`);
}

function checkMerges(merges: unknown[], ids: ReadonlyMap<string, number>, what: string): void {
  for (const merge of merges) {
    const pair: unknown[] = typeof merge === "string" ? merge.split(" ") : (merge as unknown[]);
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isToken)) {
      throw damaged(what, "one of its merges is not a pair of tokens");
    }
    const missing = [...pair, pair.join("")].find((token) => !ids.has(token));
    if (missing === undefined) continue;
    throw damaged(what, `a merge makes use of "${shown(missing)}", which is no token`);
  }
}

const isToken = (value: unknown): value is string => typeof value === "string" && value !== "";

function checkAdded(
  list: unknown,
  what: string,
  given: { vocab: number; tokens: (string | undefined)[]; ids: ReadonlyMap<string, number> },
): AddedToken[] {
  if (!Array.isArray(list) || !list.every((token) => isToken((token as Json | null)?.content))) {
    throw damaged(what, "its added_tokens are not a list of tokens");
  }
  return list.map((token: Json, i) => {
    const { content, ...rest } = checkShape(token, addedToken, `added token ${i} of ${what}`);
    const { id } = token;
    checkId(id, content, what, given.vocab);
    checkFree(given.tokens, id, content, what);
    const before = given.ids.get(content);
    if (before !== undefined && before !== id) {
      throw damaged(what, `"${shown(content)}" has the ids ${before} and ${id}`);
    }
    given.tokens[id] = content;
    const { lstrip = false, rstrip = false, normalized = false, special = false } = rest;
    return { id, content, lstrip, rstrip, normalized, special, single_word: false };
  });
}

/** Refuses steps with a pattern of the file's own: it could take longer than anybody waits, and nothing could end it. */
function splitters(step: unknown, what: string): Json[] {
  const steps = stepsOf(step, "pretokenizers");
  if (!steps.some(({ type }) => type === "ByteLevel")) {
    throw new Error(`${shown(what)} does not split into bytes, as GPT-2's and GPT-J's do`);
  }
  checkKnown(steps, ["ByteLevel"], what);
  return steps.map((one) => {
    const { add_prefix_space, trim_offsets, use_regex } = checkShape(
      one,
      byteLevel,
      `the ByteLevel step in ${what}`,
    );
    return {
      type: "ByteLevel",
      add_prefix_space: add_prefix_space ?? false,
      trim_offsets: trim_offsets ?? true,
      use_regex: use_regex ?? true,
    };
  });
}

function normalizers(step: unknown, what: string): Json[] {
  const steps = stepsOf(step, "normalizers");
  checkKnown(steps, NORMALIZERS, what);
  return steps.map(({ type }) => ({ type }));
}

function checkKnown(steps: readonly Json[], known: readonly string[], what: string): void {
  const unknown = steps.find(({ type }) => !known.includes(type as string));
  if (!unknown) return;
  throw new Error(
    `${shown(what)} has a step that is not supported: "${shown(unknown.type)}" (supported: ${known.join(", ")})`,
  );
}

/** The steps of a normalizer or pre-tokenizer that may be a sequence of them; what is no step has no type. */
function stepsOf(step: unknown, members: string): Json[] {
  if (step === null || step === undefined) return [];
  if (typeof step !== "object") return [{ type: step }];
  const { type, [members]: list } = step as Json;
  if (type !== "Sequence" || !Array.isArray(list)) return [step as Json];
  return list.flatMap((member) => stepsOf(member, members));
}

const stepOf = (steps: readonly Json[], members: string): Json | null => {
  if (steps.length < 2) return steps.at(0) ?? null;
  return { type: "Sequence", [members]: steps };
};
