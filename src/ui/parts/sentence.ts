/** A message as a sentence: a capital first, unless that is a file's name or an address, and a full stop last. */
export const asSentence = (text: string) =>
  `${text.replace(/^\p{Ll}(?=[\p{L}’'-]*([\s,;“]|:\s|$))/u, (first) => first.toUpperCase())}${/[.!?]$/.test(text) ? "" : "."}`;

/** An error as the sentence that the page shows. */
export const messageOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error);
