/**
 * `0, 1, 2` or `13–17` as layers, in the order they were named.
 *
 * @param called how the message calls them
 * @param layers how many the model has; where it is not known yet, any from 0 passes
 * @throws `invalid layers: 9 (this model has 0–7)`
 */
export function layersOf(called: string, text: string, layers?: number): number[] {
  const parts = text.split(/[,\s]+/).filter(Boolean);
  if (parts.length === 0) {
    throw new Error(`invalid ${called}: nothing (write 0, 1, 2 or 13–17)`);
  }
  return parts.flatMap((part) => {
    const [first, last = first] = part.split(/[-–]/).map(numberOf);
    if (first <= last && last < (layers ?? Infinity)) {
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }
    const right =
      layers === undefined ? "a whole number, 0 or more" : `this model has 0–${layers - 1}`;
    throw new Error(`invalid ${called}: ${part} (${right})`);
  });
}

const numberOf = (text: string): number => (/^\d{1,6}$/.test(text) ? Number(text) : NaN);
