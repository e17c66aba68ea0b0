import { bounds } from "../../data/outside/bounds.ts";
import { record } from "../../data/outside/kinds.ts";
import { decodeText, readJson } from "../../data/outside/readJson.ts";
import { shown } from "../../data/outside/shown.ts";
import type { DescribingFiles } from "../files/rememberedFiles.ts";
import { type ByteLevelBpe, checkByteLevelBpe } from "./byteLevelBpe.ts";

type Json = Record<string, unknown>;

/** A byte-level BPE as its files have it. */
export interface TokenizerFiles extends Pick<ByteLevelBpe, "json" | "tokens"> {
  /** tokenizer_config.json. */
  config: Json;
  /** The tokens that stand as text; all others are in GPT-2's alphabet of bytes. */
  added: Set<string>;
}

/** GPT-2's mark of the end of a text, which stands for its beginning too. */
export const END = "<|endoftext|>";

/**
 * Reads tokenizer.json and, if there, tokenizer_config.json; or vocab.json and merges.txt (OpenAI's encoder.json and
 * vocab.bpe) where there is no tokenizer.json.
 *
 * @param vocab how many rows the model's embedding has: every id is below it
 * @throws a sentence when a file is missing, and as {@link checkByteLevelBpe}
 */
export async function readTokenizerFiles(
  files: DescribingFiles,
  vocab: number = bounds.tokens,
): Promise<TokenizerFiles> {
  const whole = await files.has("tokenizer.json");
  const read = whole ? await readObject(files, "tokenizer.json") : await fromVocabulary(files);
  const hasConfig = await files.has("tokenizer_config.json");
  const config = hasConfig ? await readObject(files, "tokenizer_config.json") : {};
  const { json, tokens, added } = checkByteLevelBpe(
    read,
    `the tokenizer of ${files.name}`,
    Math.min(vocab, bounds.tokens),
  );
  return { json, config, tokens, added: new Set(added.map(({ content }) => content)) };
}

/** A special token is given as text or as an object with its content. */
export function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  if (typeof token !== "object" || token === null) return undefined;
  const { content } = token as { content?: unknown };
  return typeof content === "string" ? content : undefined;
}

const readObject = async (files: DescribingFiles, path: string): Promise<Json> =>
  readJson(await files.read(path), record, `${path} of ${files.name}`, {
    bytes: bounds.tokenizer,
  });

/** tokenizer.json as `transformers` would make it from GPT-2's two older files. */
async function fromVocabulary(files: DescribingFiles): Promise<Json> {
  const vocabulary = await firstOf(files, ["vocab.json", "encoder.json"]);
  const merges = await firstOf(files, ["merges.txt", "vocab.bpe"]);
  if (!vocabulary || !merges) {
    throw new Error(`${shown(files.name)} has no tokenizer.json, nor vocab.json with merges.txt`);
  }
  const vocab = await readObject(files, vocabulary);
  const added = Object.hasOwn(vocab, END) ? [{ id: vocab[END], content: END, special: true }] : [];
  return {
    added_tokens: added,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    model: { type: "BPE", vocab, merges: await readMerges(files, merges) },
  };
}

async function readMerges(files: DescribingFiles, path: string): Promise<string[]> {
  const what = `${path} of ${files.name}`;
  const bytes = await files.read(path);
  if (bytes.length > bounds.tokenizer) {
    throw new Error(
      `${shown(what)} is too large: ${bytes.length} bytes (at most ${bounds.tokenizer})`,
    );
  }
  const lines = decodeText(bytes, what).split(/\r?\n/);
  return lines.filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
}

async function firstOf(files: DescribingFiles, paths: string[]): Promise<string | undefined> {
  for (const path of paths) if (await files.has(path)) return path;
  return undefined;
}
