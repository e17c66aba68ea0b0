/** How p of an answer of so many tokens is to be read: their product. Nothing of one token. */
export function jointWords(tokens: number): string {
  return tokens > 1 ? `joint, ${tokens} tokens` : "";
}

/** The same where it is a mean. */
export function perTokenWords(tokens: number): string {
  return tokens > 1 ? `per token, geometric mean of ${tokens}` : "";
}
