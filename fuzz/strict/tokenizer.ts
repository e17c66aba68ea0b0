// What Hugging Face's tokenizers ask of a byte-level BPE, and what GPT-2's and GPT-NeoX's are made of.

interface Bpe {
  model: { type?: string; vocab: Record<string, number>; merges: (string | string[])[] };
  added_tokens?: { id: number; content: string; single_word?: boolean }[] | null;
  pre_tokenizer: { type: string; pretokenizers?: { type: string }[] };
  normalizer?: { type: string; normalizers?: { type: string }[] } | null;
}

/**
 * Throws where a rule is broken.
 *
 * @param vocab rows of the embedding
 */
export function checkTokenizer(bytes: Uint8Array, vocab: number): void {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const {
    model,
    added_tokens: added,
    pre_tokenizer: splitter,
    normalizer,
  } = JSON.parse(text) as Bpe;
  must(model.type === undefined || model.type === "BPE", "BPE");
  const ids = new Map<number, string>();
  const take = (token: string, id: number) => {
    must(Number.isInteger(id) && id >= 0 && id < vocab, "ids of rows");
    must((ids.get(id) ?? token) === token, "a token an id");
    ids.set(id, token);
  };
  for (const [token, id] of Object.entries(model.vocab)) take(token, id);
  for (const merge of model.merges) {
    const [a, b, ...more] = typeof merge === "string" ? merge.split(" ") : merge;
    must(more.length === 0, "pairs");
    for (const token of [a, b, a + b]) must(Object.hasOwn(model.vocab, token), "merges of tokens");
  }
  for (const { id, content, single_word: alone } of added ?? []) {
    must(alone !== true, "added tokens that stand anywhere");
    take(content, id);
  }
  for (const { type } of flat(splitter)) must(type === "ByteLevel", "bytes alone");
  for (const { type } of flat(normalizer)) must(/^NFK?[CD]$/.test(type), "known normalizers");
}

type Step = { type: string } & Record<string, unknown>;

function flat(step: unknown): { type: string }[] {
  if (typeof step !== "object" || step === null) return [];
  const { type, pretokenizers, normalizers } = step as Step;
  if (type !== "Sequence") return [step as Step];
  return ((pretokenizers ?? normalizers ?? []) as unknown[]).flatMap(flat);
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`a tokenizer has ${rule}`);
}
