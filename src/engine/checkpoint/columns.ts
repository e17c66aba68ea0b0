/** Some columns, from `first` on, of rows that have `of` of them; the rows themselves where they are all. */
export function columnsOf(
  data: Float32Array,
  { rows, of, first, columns }: { rows: number; of: number; first: number; columns: number },
): Float32Array {
  if (columns === of) return data;
  const taken = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    taken.set(data.subarray(row * of + first, row * of + first + columns), row * columns);
  }
  return taken;
}
