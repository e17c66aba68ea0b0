/** A part of a study's cases: every n-th. */
export interface Shard {
  /** Counted modulo n, so that 0…n−1 and 1…n both name all parts. */
  i: number;
  n: number;
}

/** The shard that is the whole. */
export const WHOLE: Shard = { i: 0, n: 1 };

/**
 * Reads `3/16`.
 *
 * @throws for anything else
 */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [i, n] = match ? match.slice(1).map(Number) : [1, 0];
  if (i <= n && n > 0) return { i, n };
  throw new Error(`invalid shard: ${text} (write 3/16 for the third of sixteen)`);
}

/** Whether the shard has the k-th of a list. */
export const isOf = ({ i, n }: Shard, k: number): boolean => k % n === i % n;
