import { promisifyRequest, type UseStore } from "idb-keyval";
import type { Row } from "../../data/rows/rows.ts";
import { IndexedRows } from "./IndexedRows.ts";
import { openStore } from "./openStore.ts";

/** The files that a study of the page reads, kept so that it goes on after the page was closed. */
export interface StudySources {
  cases: { file: string; text: string };
  inputs: Record<string, { file: string; text: string }>;
}

/** All studies that the browser keeps: their rows, what these are of, and what they read. */
export class IndexedStudies {
  readonly #store: UseStore;

  constructor(store = openStore("palimpsest-studies", "rows")) {
    this.#store = store;
  }

  /** The rows of one of them. */
  rows(name: string): IndexedRows {
    return new IndexedRows(name, this.#store);
  }

  /** The names of all that were begun. */
  async names(): Promise<string[]> {
    const keys = await this.#store("readonly", (objects) =>
      promisifyRequest<IDBValidKey[]>(objects.getAllKeys()),
    );
    return keys.map(String).flatMap((key) => /^([^/]+)\/about$/.exec(key)?.[1] ?? []);
  }

  /** What a study reads; undefined for one that came from a file. */
  sources(name: string): Promise<StudySources | undefined> {
    return this.#store("readonly", (objects) =>
      promisifyRequest<StudySources | undefined>(objects.get(`${name}/sources`)),
    );
  }

  /** Keeps what a study reads. */
  async keepSources(name: string, sources: StudySources): Promise<void> {
    await this.#store("readwrite", (objects) => {
      objects.put(sources, `${name}/sources`);
      return promisifyRequest(objects.transaction);
    });
  }

  /** Keeps a study that was made elsewhere. */
  async take(name: string, about: object, rows: readonly Row[]): Promise<void> {
    const store = this.rows(name);
    await store.begin(about);
    await store.append(rows);
  }

  /** Forgets a study, its rows and what it reads. */
  async delete(name: string): Promise<void> {
    await this.#store("readwrite", (objects) => {
      objects.delete(`${name}/sources`);
      return promisifyRequest(objects.transaction);
    });
    await this.rows(name).clear();
  }
}
