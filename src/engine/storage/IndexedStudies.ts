import { promisifyRequest, type UseStore } from "idb-keyval";
import type { Row } from "../../data/rows/rows.ts";
import { IndexedRows } from "./IndexedRows.ts";
import { openStore } from "./openStore.ts";

/** The files that a study of the page reads, kept so that it goes on after the page was closed. */
export interface StudySources {
  cases: { file: string; text: string };
  inputs: Record<string, { file: string; text: string }>;
}

/** All studies that the browser keeps: their rows, what these are of, what they read, and what is noted of them. */
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

  /** What a study reads; undefined for one that came from a file without it. */
  sources(name: string): Promise<StudySources | undefined> {
    return this.#store("readonly", (objects) =>
      promisifyRequest<StudySources | undefined>(objects.get(`${name}/sources`)),
    );
  }

  /** Whether there is what a study reads, without loading it. */
  async hasSources(name: string): Promise<boolean> {
    const count = await this.#store("readonly", (objects) =>
      promisifyRequest(objects.count(`${name}/sources`)),
    );
    return count > 0;
  }

  /** Keeps what a study reads. */
  keepSources(name: string, sources: StudySources): Promise<void> {
    return this.#put(`${name}/sources`, sources);
  }

  /** What is noted of a study beside its rows, of whatever shape. */
  note(name: string): Promise<unknown> {
    return this.#store("readonly", (objects) => promisifyRequest(objects.get(`${name}/note`)));
  }

  /** Notes something of a study, in the place of what was noted before. */
  keepNote(name: string, note: object): Promise<void> {
    return this.#put(`${name}/note`, note);
  }

  /** Keeps a study that was made elsewhere. */
  async take(name: string, about: object, rows: readonly Row[]): Promise<void> {
    const store = this.rows(name);
    await store.begin(about);
    await store.append(rows);
  }

  /** Forgets a study, its rows, what it reads and what is noted of it. */
  async delete(name: string): Promise<void> {
    await this.#store("readwrite", (objects) => {
      objects.delete(`${name}/sources`);
      objects.delete(`${name}/note`);
      return promisifyRequest(objects.transaction);
    });
    await this.rows(name).clear();
  }

  #put(key: string, value: object): Promise<void> {
    return this.#store("readwrite", (objects) => {
      objects.put(value, key);
      return promisifyRequest(objects.transaction);
    });
  }
}
