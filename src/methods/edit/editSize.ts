import type { EditJob } from "./Editor.ts";

/** A row of an edit: its tokens, where it looks the fact up, and how many of its first tokens other facts share. */
export interface RowSize {
  tokens: number;
  lookup: number;
  shared?: number;
}

/** The rows of an edit: one a context, the essence's, and the bare prompt's where it is no context. */
export interface EditSize {
  rows: readonly RowSize[];
  contexts: number;
  /** Tokens of the target. */
  target: number;
}

/** The bare prompt's row, one row a sampled prefix of so many tokens, and the essence's: "{subject} is a". */
export function editSize(
  { prompt, subject, target }: Pick<EditJob, "prompt" | "subject" | "target">,
  prefixes: readonly number[],
): EditSize {
  const [first, last] = subject;
  const contexts = [0, ...prefixes].map((prefix): RowSize => {
    return { tokens: prefix + prompt + target - 1, lookup: prefix + last, shared: prefix };
  });
  const length = last - first + 1;
  const essence = { tokens: length + 2, lookup: length - 1 };
  return { rows: [...contexts, essence], contexts: contexts.length, target };
}
