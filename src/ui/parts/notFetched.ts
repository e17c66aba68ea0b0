import { asSentence, messageOf } from "./sentence.ts";

/** That a part of the page did not come when it was wanted. */
export const notFetched = (error: unknown): string =>
  `${asSentence(messageOf(error))} This part of the page did not come: the page may have been renewed since it was opened; load it again.`;
