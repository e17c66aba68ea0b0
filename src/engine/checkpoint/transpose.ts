// Of both matrices this many rows at a time stay in the processor's cache.
const TILE = 32;

/** A matrix [rows, columns] as [columns, rows]. */
export function transpose(
  data: Float32Array,
  [rows, columns]: readonly [number, number],
): Float32Array {
  const result = new Float32Array(data.length);
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(top + TILE, rows);
    for (let left = 0; left < columns; left += TILE) {
      const right = Math.min(left + TILE, columns);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = data[row * columns + column];
        }
      }
    }
  }
  return result;
}
