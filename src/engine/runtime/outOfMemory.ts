const WORDS =
  /out of memory|allocation (failed|size)|failed to allocate|bad_alloc|cannot grow|enlarge memory|\bOOM\b|memory access out of bounds|exceeds? the (max|limit)|buffer size.*(limit|maxBufferSize)/i;

// What V8, SpiderMonkey and JavaScriptCore say where memory, or the most that an array may have, is at its end.
const TOO_LARGE =
  /^(Array buffer allocation failed|Invalid string length|Invalid (Set|Map) size|(Set|Map) maximum size exceeded|Out of memory|allocation size overflow|Length out of range of buffer)/i;

/**
 * Whether an error of the language, the browser or the inference engine says that something did not fit into memory: they have
 * no class or code for it, only words.
 */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return isTooLarge(error) || WORDS.test(error.message);
}

/**
 * An array or a string for which there is no room. The other RangeErrors are mistakes: an offset outside of a view, a
 * length that is negative or not whole, too deep a recursion, a number of digits.
 */
function isTooLarge(error: Error): boolean {
  if (!(error instanceof RangeError)) return false;
  const [, length] = /^Invalid (?:typed )?array length: ?(\d+)$/.exec(error.message) ?? [];
  return Number(length) > 0 || TOO_LARGE.test(error.message);
}

/** The sentence for it. */
export const notEnoughMemory = (where: string, advice: string): string =>
  `not enough memory ${where}; ${advice}`;
