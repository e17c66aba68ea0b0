/** An object whose code is fetched when it is first asked for anything: every answer is a promise. */
export type Lazy<T> = {
  [K in keyof T]: T[K] extends (...asked: infer A) => infer R
    ? (...asked: A) => Promise<Awaited<R>>
    : never;
};

/**
 * Stands for an object until it is wanted. What the page does not begin with is a file of its own, so that the first load
 * is small; where that file cannot be fetched, it is asked for again the next time.
 *
 * @throws each method: that this part of the page could not be fetched
 */
export function lazily<T extends object>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  const get = () =>
    (made ??= make().catch((cause: unknown) => {
      made = undefined;
      const advice =
        "look at the connection, or load the page again where it was renewed meanwhile";
      throw new Error(`this part of the page could not be fetched; ${advice}`, { cause });
    }));
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy({} as Lazy<T>, {
    get(_, name) {
      if (!methods.has(name)) methods.set(name, call(name));
      return methods.get(name);
    },
  });

  function call(name: PropertyKey) {
    return async (...asked: unknown[]) => {
      const object = (await get()) as Record<PropertyKey, (...asked: unknown[]) => unknown>;
      return object[name](...asked);
    };
  }
}
