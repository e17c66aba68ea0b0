import { isOutOfMemory, notEnoughMemory } from "../src/engine/runtime/outOfMemory.ts";

const LOST = /device (was |is )?lost|lost device|destroyed device/i;

/**
 * An error as the page shows it: one sentence with the next step. What the rooms below wrote is
 * already one; what the browser and the runtime say is put into words.
 *
 * @param doing what was under way, "loading gpt2-xl"
 */
export function explain(error: unknown, doing: string): Error {
  if (error instanceof Error && error.name === "AbortError") return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) {
    return new Error(
      notEnoughMemory(
        `while ${doing}`,
        "close other tabs, take fewer samples or a shorter prompt, or open a smaller model",
      ),
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
