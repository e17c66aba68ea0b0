import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { asShape } from "../../data/outside/checkShape.ts";
import { strengths } from "../../data/delta/strengths.ts";
import { flag, list, longText, name, number, object } from "../../data/outside/kinds.ts";
import { type KeyedDatabase, keyedDatabase } from "./KeyedDatabase.ts";
import { mergeStacks, type Place } from "./mergeStacks.ts";
import { NoStorage } from "./openStore.ts";
import type { Locks } from "./TileSets.ts";
import { untilClosed } from "./unkept.ts";

/** What a tab has of a model's stack, and had when it last said so. */
export interface TabStack {
  told: readonly Place[];
  mine: readonly Place[];
  /** The bytes of an edit of it; undefined where this tab has none. */
  bytes: (id: string) => Uint8Array | undefined;
}

/** What became of a stack that was kept. */
export interface KeptPlaces {
  places: Place[];
  /** Whether what is kept is another now. */
  changed: boolean;
  /** The sentence that says why it will not outlive the page, if so. */
  trouble: string | null;
}

/**
 * The stacks of edits that outlive the page, each under the stamp of its model: a list of places and the bytes of each
 * edit, written in one transaction with what other tabs did meanwhile. Where the browser takes nothing they are held in
 * memory, and `keep` says so.
 */
export class StackStore {
  readonly #database: KeyedDatabase;
  readonly #locks: Locks | undefined;
  /** What could not be written. */
  readonly #memory = new Map<string, unknown>();
  #release: (() => void) | undefined;

  constructor(
    database: KeyedDatabase = keyedDatabase("palimpsest-edits"),
    locks: Locks | undefined = globalThis.navigator?.locks,
  ) {
    this.#database = database;
    this.#locks = locks;
  }

  /** Keeps what a tab has together with what other tabs have kept. */
  async keep(model: string, { told, mine, bytes }: TabStack): Promise<KeptPlaces> {
    let result: Omit<KeptPlaces, "trouble"> = { places: [...mine], changed: false };
    try {
      const there = new Set(await this.#database.keys(editKey(model, "")));
      await this.#database.change(listKey(model), (current) => {
        const theirs = placesOf(current ?? this.#memory.get(listKey(model)), there);
        const places = mergeStacks(told, mine, theirs);
        const changed = JSON.stringify(places) !== JSON.stringify(current ?? []);
        result = { places, changed };
        const edits = places.flatMap(({ id }): [string, unknown][] => {
          const key = editKey(model, id);
          const edit = there.has(key) ? undefined : (bytes(id) ?? this.#memory.get(key));
          return edit === undefined ? [] : [[key, edit]];
        });
        return new Map(changed ? [[listKey(model), places], ...edits] : edits);
      });
      for (const key of [...this.#memory.keys()]) if (key.includes(model)) this.#memory.delete(key);
      return { ...result, trouble: null };
    } catch (error) {
      this.#hold(model, { told, mine, bytes });
      return { places: [...mine], changed: false, trouble: unkept(error) };
    }
  }

  /** The places that are kept of a model; undefined where there are none. */
  async places(model: string): Promise<Place[] | undefined> {
    const held = this.#memory.get(listKey(model));
    const kept = held ?? (await this.#database.get(listKey(model)).catch(() => undefined));
    if (kept === undefined) return undefined;
    return placesOf(kept, await this.#database.keys(editKey(model, "")).catch(() => []));
  }

  /** What is kept of an edit: its bytes, unless it is damaged; undefined where nothing is. */
  async edit(model: string, id: string): Promise<unknown> {
    const key = editKey(model, id);
    return this.#memory.get(key) ?? (await this.#database.get(key).catch(() => undefined));
  }

  /** Deletes an edit and its place. */
  async remove(model: string, id: string): Promise<void> {
    this.#memory.delete(editKey(model, id));
    await this.#database.change(listKey(model), (current) => {
      const places = placesOf(current, []).filter((place) => place.id !== id);
      const without: [string, unknown][] = current === undefined ? [] : [[listKey(model), places]];
      return new Map<string, unknown>([...without, [editKey(model, id), undefined]]);
    });
  }

  /**
   * Says that this tab works with a model. Edits that no place names any more are there to be undone to: they are deleted
   * when a tab comes to a model that no other has open. Without Web Locks they stay.
   */
  async enter(model: string): Promise<void> {
    this.#release?.();
    const lockName = `palimpsest/edits/${model}`;
    if (!this.#locks) return;
    await this.#locks.request(lockName, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#sweep(model).catch(() => undefined); // the next visit tries again
    });
    const left = new Promise<void>((release) => (this.#release = release));
    void this.#locks.request(lockName, { mode: "shared" }, () => left);
  }

  async #sweep(model: string): Promise<void> {
    const keys = await this.#database.keys(editKey(model, ""));
    await this.#database.change(listKey(model), (current) => {
      const named = new Set(placesOf(current, keys).map(({ id }) => editKey(model, id)));
      return new Map(keys.filter((key) => !named.has(key)).map((key) => [key, undefined]));
    });
  }

  #hold(model: string, { mine, bytes }: TabStack) {
    this.#memory.set(listKey(model), [...mine]);
    for (const { id } of mine) {
      const edit = bytes(id);
      if (edit) this.#memory.set(editKey(model, id), edit);
    }
  }
}

const listKey = (model: string) => `list/${model}`;
const editKey = (model: string, id: string) => `edit/${model}/${id}`;

const { min, max } = strengths;
const place = object({
  id: name,
  on: flag,
  truth: longText,
  strength: v.optional(v.pipe(number, v.minValue(min), v.maxValue(max))),
});
const listOfPlaces = list(place, bounds.edits);

/** A kept list; where it is damaged, every edit that is there, switched off. */
function placesOf(kept: unknown, edits: Iterable<string>): Place[] {
  if (kept === undefined) return [];
  const places = asShape(kept, listOfPlaces);
  if (places)
    return places.map(({ id, on, truth, strength }) =>
      strength === undefined ? { id, on, truth } : { id, on, truth, strength },
    );
  return Array.from(edits, (key) => ({ id: key.split("/").at(-1)!, on: false, truth: "" }));
}

const unkept = (error: unknown): string =>
  untilClosed(error, "the edits are kept", {
    full: "download them, or free some space",
    blocked: error instanceof NoStorage ? "download the edits" : "download them to keep them",
  });
