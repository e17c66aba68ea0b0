/** A message as a sentence: a capital first, a full stop last. */
export const asSentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** An error as the sentence that the page shows. */
export const messageOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error);
