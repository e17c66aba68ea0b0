// @huggingface/tokenizers is the package that @huggingface/transformers builds its own PreTrainedTokenizer on: the
// same class, the same ids. Importing it through @huggingface/transformers would bring the inference engine along,
// half a megabyte more, and on import point onnxruntime-web at a CDN, so that the page would no longer keep to itself.
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import type { DescribingFiles } from "../files/rememberedFiles.ts";

type Json = Record<string, unknown>;

/**
 * The byte-level BPE of GPT-2 and GPT-J. Everything about positions is exact in bytes: a token may end inside a UTF-8
 * character, and its text alone is then not a string.
 */
export class Tokenizer {
  /** One more than the largest id. */
  readonly vocab: number;
  readonly #hub: HubTokenizer;
  readonly #name: string;
  readonly #added: Set<string>;
  readonly #eos: number | undefined;
  readonly #bytes: (Uint8Array | undefined)[] = [];

  private constructor(name: string, json: Json, config: Json) {
    this.#name = name;
    this.#hub = new HubTokenizer(json, config);
    const added = [...this.#hub.get_added_tokens_decoder().values()];
    this.#added = new Set(added.map(({ content }) => content));
    this.vocab = 1 + Math.max(...this.#hub.get_vocab().values());
    this.#eos = this.#hub.token_to_id(contentOf(config.eos_token) ?? END);
  }

  /**
   * Reads tokenizer.json and, if there, tokenizer_config.json; or vocab.json and merges.txt (OpenAI's encoder.json and
   * vocab.bpe) where there is no tokenizer.json.
   *
   * @throws a sentence when a file is missing or damaged, or the tokenizer is not a byte-level BPE
   */
  static async load(files: DescribingFiles): Promise<Tokenizer> {
    const whole = await files.has("tokenizer.json");
    const json = whole ? await readJson(files, "tokenizer.json") : await fromVocabulary(files);
    const hasConfig = await files.has("tokenizer_config.json");
    const config = hasConfig ? await readJson(files, "tokenizer_config.json") : {};
    return new Tokenizer(files.name, checked(json, files.name), config);
  }

  /** The id of `<|endoftext|>`, which stands for the beginning of a text too. */
  get eos(): number {
    if (this.#eos === undefined) throw new Error(`the tokenizer of ${this.#name} has no ${END}`);
    return this.#eos;
  }

  /**
   * Text to ids, without special tokens (METHODS 2.2).
   *
   * @throws when a part of the text has no token; the ids would then stand for another text
   */
  encode(text: string): number[] {
    if (text === "") return [];
    const { ids } = this.#hub.encode(text, { add_special_tokens: false });
    const spelled = this.bytes(ids).reduce((sum, token) => sum + token.length, 0);
    if (spelled !== new TextEncoder().encode(text).length) {
      throw new Error(
        `the tokenizer of ${this.#name} cannot spell ${JSON.stringify(text)} exactly`,
      );
    }
    return ids;
  }

  /** Ids to text, by their bytes; what is not UTF-8 becomes U+FFFD. Special tokens are written out. */
  decode(ids: ArrayLike<number>): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(concatenate(this.bytes(ids)));
  }

  /** Each token decoded alone, as the authors' result files have it. */
  tokens(ids: ArrayLike<number>): string[] {
    return Array.from(ids, (id) => this.decode([id]));
  }

  /** Each token for a reader: one that is not UTF-8 by itself shows its bytes, `⟨C3⟩`. */
  spellings(ids: ArrayLike<number>): string[] {
    return this.bytes(ids).map(spell);
  }

  /**
   * Each token's exact bytes. Rows of a padded embedding that have no token are spelled `<|id|>`.
   *
   * @throws `invalid token: …` for what is no id at all
   */
  bytes(ids: ArrayLike<number>): Uint8Array[] {
    return Array.from(ids, (id) => (this.#bytes[id] ??= this.#tokenBytes(id)));
  }

  #tokenBytes(id: number): Uint8Array {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new Error(`invalid token: ${id} (this tokenizer has 0–${this.vocab - 1})`);
    }
    const token = this.#hub.id_to_token(id);
    if (token === undefined) return new TextEncoder().encode(`<|${id}|>`);
    const isText = this.#added.has(token);
    return isText ? new TextEncoder().encode(token) : Uint8Array.from(token, byteOf);
  }
}

const END = "<|endoftext|>";

/** GPT-2 writes every byte as one printable character: itself where it is printable, else 256 onwards in order. */
const byteAlphabet = new Map<string, number>();
let spare = 256;
for (let byte = 0; byte < 256; byte++) {
  const printable =
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  byteAlphabet.set(String.fromCharCode(printable ? byte : spare++), byte);
}

function byteOf(character: string): number {
  const byte = byteAlphabet.get(character);
  if (byte === undefined) throw new Error(`${JSON.stringify(character)} stands for no byte`);
  return byte;
}

function spell(token: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(token);
  } catch {
    const hex = (byte: number) => `⟨${byte.toString(16).toUpperCase().padStart(2, "0")}⟩`;
    return Array.from(token, (b) => (b < 128 ? String.fromCharCode(b) : hex(b))).join("");
  }
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A special token is given as text or as an object with its content. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  return isRecord(token) && typeof token.content === "string" ? token.content : undefined;
}

async function readJson(files: DescribingFiles, path: string): Promise<Json> {
  const text = new TextDecoder().decode(await files.read(path));
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Said below.
  }
  throw new Error(`${path} of ${files.name} is damaged: it is not a JSON object`);
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

function checked(json: Json, name: string): Json {
  const { model, added_tokens: added } = json;
  if (!isRecord(model) || !isRecord(model.vocab) || !Array.isArray(model.merges)) {
    throw new Error(`the tokenizer of ${name} is not a byte-level BPE, as GPT-2's and GPT-J's are`);
  }
  if (!JSON.stringify(json.pre_tokenizer ?? null).includes('"ByteLevel"')) {
    throw new Error(
      `the tokenizer of ${name} does not split into bytes, as GPT-2's and GPT-J's do`,
    );
  }
  return {
    // Members the package insists on, with what their absence means.
    normalizer: null,
    post_processor: null,
    decoder: { type: "ByteLevel" },
    ...json,
    added_tokens: added ?? [],
    // GPT-2's first tokenizer.json does not name the type of its model.
    model: { ...model, type: "BPE" },
  };
}
