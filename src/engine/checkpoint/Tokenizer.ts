import type { PreTrainedTokenizer } from "@huggingface/transformers";
import { shown } from "../../data/outside/shown.ts";
import { autoTokenizer } from "../files/pretrained.ts";
import type { DescribingFiles } from "../files/rememberedFiles.ts";
import { contentOf, END, readTokenizerFiles, type TokenizerFiles } from "./tokenizerFiles.ts";

/**
 * The byte-level BPE of GPT-2 and GPT-J. Everything about positions is exact in bytes: a token may end inside a UTF-8
 * character, and its text alone is then not a string.
 */
export class Tokenizer {
  /** One more than the largest id. */
  readonly vocab: number;
  readonly #hub: PreTrainedTokenizer;
  readonly #name: string;
  readonly #tokens: TokenizerFiles["tokens"];
  readonly #added: TokenizerFiles["added"];
  readonly #eos: number | undefined;
  readonly #bytes: (Uint8Array | undefined)[] = [];

  private constructor(name: string, hub: PreTrainedTokenizer, files: TokenizerFiles) {
    this.#name = name;
    this.#hub = hub;
    this.#tokens = files.tokens;
    this.#added = files.added;
    this.vocab = this.#tokens.length;
    const eos = contentOf(files.config.eos_token) ?? END;
    this.#eos = hub.convert_tokens_to_ids(eos);
  }

  /**
   * Hugging Face's AutoTokenizer of a model's files.
   *
   * @param vocab how many rows the model's embedding has, where it is known
   * @throws as {@link readTokenizerFiles}, and where AutoTokenizer refuses them
   */
  static async load(files: DescribingFiles, vocab?: number): Promise<Tokenizer> {
    const name = shown(files.name);
    const read = await readTokenizerFiles(files, vocab);
    const hub = await autoTokenizer(read.json, read.config).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      throw new Error(`the tokenizer of ${name} cannot be read: ${shown(reason, 120)}`, { cause });
    });
    // A class that is named in the file may be any of the package's.
    if (typeof (hub as Partial<PreTrainedTokenizer>).encode !== "function") {
      throw new Error(
        `tokenizer_config.json of ${name}: invalid tokenizer_class: "${shown(read.config.tokenizer_class)}" (GPT2Tokenizer, for one)`,
      );
    }
    return new Tokenizer(name, hub, read);
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
    const ids = this.#hub.encode(text, { add_special_tokens: false });
    if (!sameBytes(concatenate(this.bytes(ids)), new TextEncoder().encode(text))) {
      throw new Error(`the tokenizer of ${this.#name} cannot spell "${shown(text)}" exactly`);
    }
    return ids;
  }

  /** Ids to text, by their bytes; what is not UTF-8 becomes U+FFFD. Special tokens are written out. */
  decode(ids: ArrayLike<number>): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(concatenate(this.bytes(ids)));
  }

  /** Ids to text for a reader: as {@link decode}, but what is no whole character shows its bytes, `⟨C3⟩`. */
  spell(ids: ArrayLike<number>): string {
    return spell(concatenate(this.bytes(ids)));
  }

  /** Each token decoded alone, as the authors' code has it. */
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
    const token = this.#tokens[id];
    if (token === undefined) return new TextEncoder().encode(`<|${id}|>`);
    const isText = this.#added.has(token);
    return isText ? new TextEncoder().encode(token) : this.#alphabetic(token);
  }

  #alphabetic(token: string): Uint8Array {
    return Uint8Array.from(token, (character) => {
      const byte = byteAlphabet.get(character);
      if (byte !== undefined) return byte;
      throw new Error(
        `the tokenizer of ${this.#name} is damaged: "${shown(character)}" of "${shown(token)}" stands for no byte`,
      );
    });
  }
}

/** GPT-2 writes every byte as one printable character: itself where it is printable, else 256 onwards in order. */
const byteAlphabet = new Map<string, number>();
let spare = 256;
for (let byte = 0; byte < 256; byte++) {
  const printable =
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  byteAlphabet.set(String.fromCharCode(printable ? byte : spare++), byte);
}

/** Bytes as text, with each that belongs to no whole character of UTF-8 written out. */
function spell(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    text += character?.text ?? `⟨${bytes[at].toString(16).toUpperCase().padStart(2, "0")}⟩`;
    at += character?.length ?? 1;
  }
  return text;
}

/** The whole character that begins here, if one does. */
function characterAt(bytes: Uint8Array, at: number): { text: string; length: number } | undefined {
  const first = bytes[at];
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    return { text: strict.decode(bytes.subarray(at, at + length)), length };
  } catch {
    return undefined;
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
