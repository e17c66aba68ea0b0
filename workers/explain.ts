const MEMORY =
  /out of memory|allocation (failed|size)|bad_alloc|cannot grow|enlarge memory|\bOOM\b|memory access out of bounds|exceeds? the (max|limit)|buffer size.*(limit|maxBufferSize)/i;
const LOST = /device (was |is )?lost|lost device|destroyed device/i;

/** Whether an error says that something did not fit into memory. */
const isMemory = (error: unknown): boolean =>
  (error instanceof RangeError && /length|size|alloc/i.test(error.message)) ||
  (error instanceof Error && MEMORY.test(error.message));

/**
 * An error as the page shows it: one sentence with the next step. What the rooms below wrote is
 * already one; what the browser and the runtime say is put into words.
 *
 * @param doing what was under way, "loading gpt2-xl"
 */
export function explain(error: unknown, doing: string): Error {
  if (error instanceof Error && error.name === "AbortError") return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isMemory(error)) {
    return new Error(
      `not enough memory while ${doing}; close other tabs, take fewer samples or a shorter prompt, or open a smaller model`,
      { cause: error },
    );
  }
  if (LOST.test(message)) {
    return new Error(
      `the graphics device was lost while ${doing}, which mostly means that its memory is full; open a smaller model or reload the page`,
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(message);
}
