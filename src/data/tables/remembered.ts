/**
 * What is found out of an object, found out once: rows of a table are replaced and never changed, so that of twenty thousand
 * rows one that was repaired costs one.
 */
export function remembered<K extends object, T>(of: (key: K) => T): (key: K) => T {
  const known = new WeakMap<K, { value: T }>();
  return (key) => {
    const found = known.get(key) ?? { value: of(key) };
    known.set(key, found);
    return found.value;
  };
}
