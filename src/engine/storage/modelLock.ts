import type { Locks } from "./TileSets.ts";

const NAME = "palimpsest/models";
const browsers = () => globalThis.navigator?.locks as Locks | undefined;

/** Does work that reads and keeps models' files: until it is done no other tab deletes any. */
export function whileLoading<T>(work: () => Promise<T>, locks = browsers()): Promise<T> {
  return locks ? locks.request(NAME, { mode: "shared" }, work) : work();
}

/**
 * Deletes files of models, unless another tab is loading some.
 *
 * @throws a sentence where one is
 */
export async function whileNobodyLoads<T>(work: () => Promise<T>, locks = browsers()): Promise<T> {
  if (!locks) return work();
  return locks.request(NAME, { ifAvailable: true }, (lock) => {
    if (lock) return work();
    throw new Error("another tab is loading a model; wait until it is done, or cancel it there");
  });
}
