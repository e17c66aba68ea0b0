import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import gpt2 from "../../../test/golden/checkpoints/tiny-gpt2/tokenizer.json?raw";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import { checkTokenizer } from "../../strict/tokenizer.ts";
import type { Target } from "../../Target.ts";

const VOCAB = 503;
const texts = ["The ferry", "a b  c\n", "Šťastný 🌉", "<|endoftext|>", `${"a".repeat(31)}!`];

const whole = JSON.parse(gpt2) as { model: { vocab: Record<string, number>; merges: unknown[] } };
/** Of few tokens, so that faults meet all that is beside them. */
const letters = ["a", "b", "c", "Ġ", "ab", "<|endoftext|>"];
const small = {
  ...whole,
  added_tokens: [{ id: 5, content: "<|endoftext|>", special: true }],
  model: {
    ...whole.model,
    vocab: Object.fromEntries(letters.map((token, id) => [token, id])),
    merges: [["a", "b"]],
  },
};
const neox = {
  ...small,
  normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }] },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [{ type: "ByteLevel", add_prefix_space: false, use_regex: true }],
  },
};

/** A tokenizer.json; what is read writes some texts. */
export const target: Target = {
  name: "tokenizer",
  file: "tiny",
  seeds: () => [jsonFile(small), jsonFile(whole), jsonFile(neox), jsonFile(small)],
  mutate: mutateJsonBytes,
  read: async (bytes) => {
    const files = {
      name: "tiny",
      revision: "1",
      has: (path: string) => Promise.resolve(path === "tokenizer.json"),
      read: () => Promise.resolve(bytes),
    };
    const tokenizer = await Tokenizer.load(files, VOCAB);
    for (const text of texts) writeOrSay(tokenizer, text);
  },
  strict: (bytes) => checkTokenizer(bytes, VOCAB),
};

/** A vocabulary may lack a text's bytes, which is said; what it writes is the text itself. */
function writeOrSay(tokenizer: Tokenizer, text: string) {
  let ids: number[];
  try {
    ids = tokenizer.encode(text);
  } catch (error) {
    if (/cannot spell|stands for no byte/.test((error as Error).message)) return;
    throw error;
  }
  if (tokenizer.decode(ids) !== text) throw new TypeError(`"${text}" was written otherwise`);
}
