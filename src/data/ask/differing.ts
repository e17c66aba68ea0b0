/** Which items of two lists have no counterpart in the other. */
export interface Differing {
  before: boolean[];
  after: boolean[];
}

/**
 * Marks what differs between two lists of token ids, by a longest common subsequence: what comes back to the same words
 * after a change is not marked. Lists up to some thousand.
 */
export function differing(before: readonly number[], after: readonly number[]): Differing {
  const lengths = commonLengths(before, after);
  const marks = { before: before.map(() => true), after: after.map(() => true) };
  for (let i = 0, j = 0; i < before.length && j < after.length;) {
    if (before[i] === after[j]) marks.before[i++] = marks.after[j++] = false;
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) i++;
    else j++;
  }
  return marks;
}

/** How many tokens two continuations begin with in common. */
export function commonStart(before: readonly number[], after: readonly number[]): number {
  const most = Math.min(before.length, after.length);
  for (let i = 0; i < most; i++) if (before[i] !== after[i]) return i;
  return most;
}

/** [i][j]: how long the longest common subsequence of what follows i and j is. */
function commonLengths(before: readonly number[], after: readonly number[]): Uint16Array[] {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      rows[i][j] =
        before[i] === after[j] ? rows[i + 1][j + 1] + 1 : Math.max(rows[i + 1][j], rows[i][j + 1]);
  return rows;
}
