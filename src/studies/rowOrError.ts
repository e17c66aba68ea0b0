import type { Row } from "../data/rows/rows.ts";
import { isBeyond } from "../engine/transformer/finite.ts";

/** A piece of work whose numbers were beyond float32: its key, and the sentence. */
export interface FailedRow {
  key: string;
  error: string;
}

/**
 * The rows of a piece of work; where its numbers are beyond what float32 can hold, one that says so, so that a night's
 * study goes on with the next.
 *
 * @param row the key, and what else tells the piece of work
 * @throws what else goes wrong
 */
export async function* rowOrError(row: Row, work: AsyncGenerator<Row>): AsyncGenerator<Row> {
  try {
    yield* work;
  } catch (error) {
    if (!isBeyond(error)) throw error;
    yield { ...row, error: error.message };
  }
}

/** Rows with numbers, and those without. */
export function withoutFailed(rows: readonly Row[]): { rows: Row[]; failed: FailedRow[] } {
  const failed = rows.flatMap(({ key, error }) =>
    typeof error === "string" ? [{ key, error }] : [],
  );
  return { rows: rows.filter(({ error }) => typeof error !== "string"), failed };
}
