/** `the window`, `the window and the seed`, `the window, the seed and the edits`. */
export function together(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
}
