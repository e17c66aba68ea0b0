const WORDS =
  /out of memory|allocation (failed|size)|failed to allocate|bad_alloc|cannot grow|enlarge memory|\bOOM\b|memory access out of bounds|exceeds? the (max|limit)|buffer size.*(limit|maxBufferSize)/i;

/**
 * Whether an error of the language, the browser or the inference engine says that something did not fit into memory: they have
 * no class or code for it, only words.
 */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // An array that cannot be made is a RangeError; so is too deep a recursion, and a number of digits.
  const isArray = error instanceof RangeError && /length|size|alloc/i.test(error.message);
  return (isArray && !/stack/i.test(error.message)) || WORDS.test(error.message);
}

/** The sentence for it. */
export const notEnoughMemory = (where: string, advice: string): string =>
  `not enough memory ${where}; ${advice}`;
