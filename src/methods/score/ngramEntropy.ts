import { words } from "../prompt/words.ts";

/**
 * Generation entropy GE of one text in bits (METHODS 7.4): (⅔·H₂ + 4/3·H₃) / 2, where H_n is the entropy
 * of the frequencies of its n-grams of words. Low values mean repetition; the authors print it × 100.
 */
export function ngramEntropy(text: string): number {
  const tokens = words(text);
  return ((2 / 3) * entropy(tokens, 2) + (4 / 3) * entropy(tokens, 3)) / 2;
}

/** H_n = −Σ f log₂ f over the n-grams; 0 where there is none. */
function entropy(tokens: string[], n: number): number {
  const counts = new Map<string, number>();
  const total = tokens.length - n + 1;
  for (let i = 0; i < total; i++) {
    const gram = tokens.slice(i, i + n).join("\u0000");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  let sum = 0;
  for (const count of counts.values()) sum -= (count / total) * Math.log2(count / total);
  return sum;
}
