import type { DescribingFiles } from "../files/rememberedFiles.ts";

type Json = Record<string, unknown>;

/** A byte-level BPE as its files have it. */
export interface TokenizerFiles {
  /** tokenizer.json: its bytes, or what it would say. */
  json: Uint8Array | Json;
  /** tokenizer_config.json. */
  config: Json;
  /** Every token by its id; what is added stands as text, all else in GPT-2's alphabet of bytes. */
  tokens: (string | undefined)[];
  /** The tokens that stand as text. */
  added: Set<string>;
}

/** GPT-2's mark of the end of a text, which stands for its beginning too. */
export const END = "<|endoftext|>";
/** No vocabulary is near it, and a table of as many tokens is still small. */
const MOST_TOKENS = 2 ** 20;
/** Changes of the text that no pattern of the file's own takes part in. */
const NORMALIZERS = ["NFC", "NFD", "NFKC", "NFKD"];
const SPLITTERS = ["ByteLevel", "Digits", "Punctuation"];

/**
 * Reads tokenizer.json and, if there, tokenizer_config.json; or vocab.json and merges.txt (OpenAI's encoder.json and
 * vocab.bpe) where there is no tokenizer.json.
 *
 * @throws a sentence when a file is missing or damaged, the tokenizer is not a byte-level BPE, or one of its steps follows a
 *   pattern of the file's own
 */
export async function readTokenizerFiles(files: DescribingFiles): Promise<TokenizerFiles> {
  const whole = (await files.has("tokenizer.json"))
    ? await files.read("tokenizer.json")
    : undefined;
  const json = whole ? parseJson(whole, "tokenizer.json", files.name) : await fromVocabulary(files);
  const hasConfig = await files.has("tokenizer_config.json");
  const config = hasConfig ? await readJson(files, "tokenizer_config.json") : {};
  const { model, added } = checkParts(json, files.name);
  checkSteps(json, files.name);
  const tokens: (string | undefined)[] = [];
  const add = (token: string, id: unknown) => {
    checkId(id, token, files.name);
    tokens[id] = token;
  };
  for (const token in model.vocab) add(token, model.vocab[token]);
  for (const { content, id } of added) add(content, id);
  return {
    json: whole && isComplete(json) ? whole : completed(json),
    config,
    tokens,
    added: new Set(added.map(({ content }) => content)),
  };
}

/** A special token is given as text or as an object with its content. */
export function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  return isRecord(token) && typeof token.content === "string" ? token.content : undefined;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readJson = async (files: DescribingFiles, path: string): Promise<Json> =>
  parseJson(await files.read(path), path, files.name);

function parseJson(bytes: Uint8Array, path: string, name: string): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isRecord(value)) return value;
  } catch {
    // Said below.
  }
  throw new Error(`${path} of ${name} is damaged: it is not a JSON object`);
}

/** tokenizer.json as `transformers` would make it from GPT-2's two older files. */
async function fromVocabulary(files: DescribingFiles): Promise<Json> {
  const vocabulary = await firstOf(files, ["vocab.json", "encoder.json"]);
  const merges = await firstOf(files, ["merges.txt", "vocab.bpe"]);
  if (!vocabulary || !merges) {
    throw new Error(`${files.name} has no tokenizer.json, nor vocab.json with merges.txt`);
  }
  const vocab = (await readJson(files, vocabulary)) as Record<string, number>;
  const lines = new TextDecoder().decode(await files.read(merges)).split(/\r?\n/);
  const added = Object.hasOwn(vocab, END) ? [{ id: vocab[END], content: END, special: true }] : [];
  return {
    added_tokens: added,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    model: {
      type: "BPE",
      vocab,
      merges: lines.filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version"))),
    },
  };
}

async function firstOf(files: DescribingFiles, paths: string[]): Promise<string | undefined> {
  for (const path of paths) if (await files.has(path)) return path;
  return undefined;
}

const damaged = (name: string, what: string) =>
  new Error(`the tokenizer of ${name} is damaged: ${what}`);

/** The parts of a byte-level BPE that its tokens are read from. */
function checkParts({ model, added_tokens: added }: Json, name: string) {
  if (!isRecord(model) || !isRecord(model.vocab) || !Array.isArray(model.merges)) {
    throw new Error(`the tokenizer of ${name} is not a byte-level BPE, as GPT-2's and GPT-J's are`);
  }
  const tokens: unknown[] = Array.isArray(added ?? []) ? ((added ?? []) as unknown[]) : [undefined];
  if (!tokens.every((token) => isRecord(token) && isText(token.content))) {
    throw damaged(name, "its added_tokens are not a list of tokens");
  }
  if (!model.merges.every(isMerge))
    throw damaged(name, "one of its merges is not a pair of tokens");
  return {
    model: model as { vocab: Json; merges: unknown[] },
    added: tokens as { id: unknown; content: string }[],
  };
}

function checkId(id: unknown, token: string, name: string): asserts id is number {
  if (Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < MOST_TOKENS) return;
  throw damaged(
    name,
    `${JSON.stringify(token)} has the id ${JSON.stringify(id)} (a whole number below ${MOST_TOKENS})`,
  );
}

/** Members the package insists on, with what their absence means. */
const absent = {
  added_tokens: [],
  normalizer: null,
  post_processor: null,
  decoder: { type: "ByteLevel" },
};

// GPT-2's first tokenizer.json does not name the type of its model.
const isComplete = (json: Json): boolean =>
  Object.keys(absent).every((key) => key in json) &&
  json.added_tokens !== null &&
  (json.model as Json).type === "BPE";

const completed = (json: Json): Json => ({
  ...absent,
  ...json,
  added_tokens: json.added_tokens ?? [],
  model: { ...(json.model as Json), type: "BPE" },
});

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const isMerge = (merge: unknown): boolean =>
  typeof merge === "string"
    ? merge.includes(" ")
    : Array.isArray(merge) && merge.length === 2 && merge.every(isText);

/** Refuses steps with a pattern of the file's own: it could take longer than anybody waits, and nothing could end it. */
function checkSteps({ pre_tokenizer: splitter, normalizer }: Json, name: string): void {
  const splitters = stepsOf(splitter, "pretokenizers");
  if (!splitters.some(({ type }) => type === "ByteLevel")) {
    throw new Error(
      `the tokenizer of ${name} does not split into bytes, as GPT-2's and GPT-J's do`,
    );
  }
  const unknown =
    splitters.find(({ type }) => !SPLITTERS.includes(type as string)) ??
    stepsOf(normalizer, "normalizers").find(({ type }) => !NORMALIZERS.includes(type as string));
  if (!unknown) return;
  throw new Error(
    `the tokenizer of ${name} has a step that is not supported: ${JSON.stringify(unknown.type)} (supported: ${[...SPLITTERS, ...NORMALIZERS].join(", ")})`,
  );
}

/** The steps of a normalizer or pre-tokenizer that may be a sequence of them. */
function stepsOf(step: unknown, members: string): Json[] {
  if (!isRecord(step)) return [];
  const list = step[members];
  if (step.type !== "Sequence" || !Array.isArray(list)) return [step];
  return list.flatMap((member) => stepsOf(member, members));
}
