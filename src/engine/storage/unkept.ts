import { NoStorage } from "./openStore.ts";

/** Whether a store refused because it is full: the browser's, or a disk. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "QuotaExceededError" || (error as { code?: unknown }).code === "ENOSPC";
}

/** Why the browser kept nothing, as part of a sentence. */
export const whyUnkept = (error: Error): string =>
  isFull(error) ? "the browser's storage for this page is full" : error.message;

/**
 * Why something lasts only until the page is closed, as a sentence.
 *
 * @param what lasts only so long: "the edits are kept"
 * @param advice what to do where the storage is full, and where nothing may be stored, if anything helps
 */
export function untilClosed(
  error: unknown,
  what: string,
  advice: { full: string; blocked?: string },
): string {
  const sentence = (reason: string) => `${reason}, so ${what} only until the page is closed`;
  if (isFull(error)) return `${sentence("this browser’s storage is full")}; ${advice.full}`;
  if (error instanceof NoStorage) {
    const ways = [error.advice, ...(advice.blocked === undefined ? [] : [advice.blocked])];
    return `${sentence(error.message)}; ${ways.join(", or ")}`;
  }
  const blocked =
    "this browser lets the page store nothing (a private window, or blocked site data)";
  return advice.blocked ? `${sentence(blocked)}; ${advice.blocked}` : sentence(blocked);
}
