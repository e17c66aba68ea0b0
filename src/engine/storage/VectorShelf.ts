import { bounds } from "../../data/outside/bounds.ts";
import { type KeyedDatabase, keyedDatabase } from "./KeyedDatabase.ts";
import { untilClosed } from "./unkept.ts";

/** What lies on the shelf. */
export interface ShelfSize {
  vectors: number;
  bytes: number;
}

/** What {@link VectorShelf} may be given instead of its own. */
export interface VectorShelfOptions {
  database?: KeyedDatabase;
  /** Milliseconds since 1970. */
  clock?: () => number;
  /** Bytes of all vectors together. */
  most?: number;
}

/** So many vectors are written between two looks at how much there is. */
const OFTEN = 64;

/**
 * Named vectors that outlive the page, in a database of their own; beyond a bound those go that were written first. Where
 * the browser takes nothing they are held in memory until the page closes, within the same bound, and `trouble` says so;
 * nothing here throws.
 */
export class VectorShelf {
  /** Why vectors will not outlive the page, as a sentence. */
  trouble: string | undefined;
  readonly #memory = new Map<string, Float32Array>();
  readonly #database: KeyedDatabase;
  readonly #clock: () => number;
  readonly #most: number;
  #written = 0;

  constructor({ database, clock, most }: VectorShelfOptions = {}) {
    this.#database = database ?? keyedDatabase("palimpsest-states");
    this.#clock = clock ?? (() => performance.timeOrigin + performance.now());
    this.#most = most ?? bounds.keptStates;
  }

  /** The vector of this name, or undefined. */
  async get(name: string): Promise<Float32Array | undefined> {
    const held = this.#memory.get(name);
    if (held) return held;
    try {
      const found = await this.#database.get(vectorKey(name));
      return found instanceof Float32Array ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a vector; it need not be awaited before the next. */
  async set(name: string, vector: Float32Array): Promise<void> {
    this.#hold(name, vector);
    try {
      const at = this.#clock();
      const note: Note = { at, bytes: vector.byteLength };
      const entries = new Map<string, unknown>([
        [vectorKey(name), vector],
        [noteKey(name), note],
      ]);
      await this.#database.change(vectorKey(name), () => entries);
      this.#memory.delete(name);
      this.trouble = undefined;
      if (this.#written++ % OFTEN === 0) await this.#bound();
    } catch (error) {
      this.trouble = unkept(error);
    }
  }

  /** How much lies there, in memory and in the database. */
  async size(): Promise<ShelfSize> {
    const notes = await this.#notes();
    const held = [...this.#memory].filter(([name]) => !notes.has(name));
    const kept = [...notes.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const bytes = held.reduce((sum, [, { byteLength }]) => sum + byteLength, kept);
    return { vectors: notes.size + held.length, bytes };
  }

  /** Forgets them all. */
  async clear(): Promise<void> {
    this.#memory.clear();
    const names = [...(await this.#notes()).keys()];
    await this.#drop(names).catch(() => undefined); // what cannot be opened holds nothing that could be found again
  }

  /** What is not in the database stays in memory, the newest within the bound. */
  #hold(name: string, vector: Float32Array) {
    this.#memory.delete(name);
    this.#memory.set(name, vector);
    let bytes = [...this.#memory.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    for (const [oldest, { byteLength }] of this.#memory) {
      if (bytes <= this.#most || oldest === name) return;
      this.#memory.delete(oldest);
      bytes -= byteLength;
    }
  }

  /** Deletes what was written first, beyond the bound. */
  async #bound(): Promise<void> {
    const notes = [...(await this.#notes())].sort(([, a], [, b]) => b.at - a.at);
    let bytes = 0;
    const beyond = notes.filter(([, note]) => (bytes += note.bytes) > this.#most);
    if (beyond.length) await this.#drop(beyond.map(([name]) => name));
  }

  async #drop(names: string[]): Promise<void> {
    const keys = names.flatMap((name) => [vectorKey(name), noteKey(name)]);
    await this.#database.change("", () => new Map(keys.map((key) => [key, undefined])));
  }

  async #notes(): Promise<Map<string, Note>> {
    const entries = await this.#database.entries(noteKey("")).catch(() => []);
    return new Map(
      entries.flatMap(([key, value]): [string, Note][] => {
        const { at, bytes } = (value ?? {}) as Partial<Note>;
        const note = { at: Number(at) || 0, bytes: Number(bytes) || 0 };
        return [[key.slice(noteKey("").length), note]];
      }),
    );
  }
}

/** What is known of a vector without reading it. */
interface Note {
  at: number;
  bytes: number;
}

const vectorKey = (name: string) => `vector/${name}`;
const noteKey = (name: string) => `note/${name}`;

const unkept = (error: unknown): string =>
  untilClosed(error, "an interrupted run of many facts goes on", {
    full: "free some space to keep what is found",
  });
