import { promisifyRequest, setMany, type UseStore } from "idb-keyval";
import type { Row } from "../../data/rows/rows.ts";
import type { RowStore } from "../../data/rows/RowStore.ts";
import { openStore } from "./openStore.ts";

/**
 * The rows of one study in IndexedDB, the same ones that a folder holds. An append is one transaction: its rows are there
 * or none of them is. They are read in the order of their keys as texts.
 */
export class IndexedRows implements RowStore {
  readonly #name: string;
  readonly #store: UseStore;

  /** @param name tells studies apart; no "/" */
  constructor(name: string, store = openStore("palimpsest-studies", "rows")) {
    this.#name = name;
    this.#store = store;
  }

  about(): Promise<unknown> {
    return this.#store("readonly", (objects) => promisifyRequest(objects.get(this.#aboutKey)));
  }

  /** @throws where another tab has begun a study of this name meanwhile */
  async begin(about: object): Promise<void> {
    let before: unknown;
    await this.#store("readwrite", (objects) => {
      const there = objects.get(this.#aboutKey);
      there.onsuccess = () => {
        before = there.result;
        if (before === undefined) objects.put(about, this.#aboutKey);
      };
      return promisifyRequest(objects.transaction);
    });
    if (before === undefined) return;
    throw new Error(
      `another tab has begun the study ${this.#name} meanwhile; go on there, or begin it here once more`,
    );
  }

  read(): Promise<Row[]> {
    return this.#store("readonly", (objects) =>
      promisifyRequest<Row[]>(objects.getAll(this.#rows)),
    );
  }

  /** How many there are, without reading them. */
  count(): Promise<number> {
    return this.#store("readonly", (objects) => promisifyRequest(objects.count(this.#rows)));
  }

  append(rows: readonly Row[]): Promise<void> {
    const entries = rows.map((row): [string, Row] => [`${this.#name}/row/${row.key}`, row]);
    return setMany(entries, this.#store);
  }

  /** Forgets the study and its rows. */
  clear(): Promise<void> {
    return this.#store("readwrite", (objects) => {
      objects.delete(this.#aboutKey);
      objects.delete(this.#rows);
      return promisifyRequest(objects.transaction);
    });
  }

  get #aboutKey(): string {
    return `${this.#name}/about`;
  }

  get #rows(): IDBKeyRange {
    return IDBKeyRange.bound(`${this.#name}/row/`, `${this.#name}/row/\uffff`);
  }
}
