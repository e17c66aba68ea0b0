let asked = false;

/** Asks the browser, once a visit, not to evict what it keeps for the page; only a window may ask. */
export async function keepForGood(): Promise<void> {
  if (asked) return;
  asked = true;
  try {
    const { storage } = navigator;
    if (!(await storage?.persisted?.())) await storage?.persist?.();
  } catch {
    // Kept as long as the browser likes.
  }
}
