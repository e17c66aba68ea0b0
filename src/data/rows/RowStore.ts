import type { Row } from "./rows.ts";

/**
 * Where a study's rows are kept: a folder in the terminal, IndexedDB in the page, memory where nothing is to outlive the
 * run. What `append` was told is there when it resolves, whatever happens then.
 */
export interface RowStore {
  /** What the rows are of (`study.json`); undefined where no study was begun. */
  about(): Promise<unknown>;
  /** Puts that in place, whole or not at all. */
  begin(about: object): Promise<void>;
  /** All rows that are kept, in the order in which they came. */
  read(): Promise<Row[]>;
  append(rows: readonly Row[]): Promise<void>;
}

/** Rows that live as long as the run. */
export class MemoryRows implements RowStore {
  #about: object | undefined;
  readonly #rows: Row[] = [];

  about(): Promise<unknown> {
    return Promise.resolve(this.#about);
  }

  begin(about: object): Promise<void> {
    this.#about = about;
    return Promise.resolve();
  }

  read(): Promise<Row[]> {
    return Promise.resolve([...this.#rows]);
  }

  append(rows: readonly Row[]): Promise<void> {
    this.#rows.push(...rows);
    return Promise.resolve();
  }
}
