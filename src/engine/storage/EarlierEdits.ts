import { unknown } from "valibot";
import type { Delta } from "../../data/delta/delta.ts";
import { readDelta } from "../../data/delta/deltaFile.ts";
import { keptDelta } from "../../data/delta/keptDelta.ts";
import { bounds } from "../../data/outside/bounds.ts";
import { asShape } from "../../data/outside/checkShape.ts";
import { flag, list, longText, name, object } from "../../data/outside/kinds.ts";
import { type KeyedDatabase, keyedDatabase } from "./KeyedDatabase.ts";
import { openStore } from "./openStore.ts";

/** A stack of edits that an earlier version of this page kept, under the name of its model's folder. */
export interface EarlierStack {
  id: string;
  /** "gpt2@local": what two models may share. */
  model: string;
  edits: number;
}

/** An edit of such a stack, checked anew. */
export interface EarlierEdit {
  on: boolean;
  truth: string;
  delta: Delta;
}

const place = { on: flag, truth: longText };
/** The second form of a kept stack, whose edits lie beside it; and the first, deltas and all. */
const places = list(object({ id: name, ...place }), bounds.edits);
const stack = list(object({ ...place, delta: unknown() }), bounds.edits);
const LIST = /^palimpsest\/([12])\/edits\/(.*)$/;
const KEPT = "the kept edit";

/** Edits that were kept before models were known by their contents. */
export class EarlierEdits {
  readonly #database: KeyedDatabase;

  constructor(database = keyedDatabase("", openStore("keyval-store", "keyval"))) {
    this.#database = database;
  }

  /** All stacks; none where the database cannot be asked. */
  async list(): Promise<EarlierStack[]> {
    const entries = await this.#database.entries("palimpsest/").catch(() => []);
    return entries.flatMap(([id, value]): EarlierStack[] => {
      const [, , model] = LIST.exec(id) ?? [];
      if (model === undefined) return [];
      return [{ id, model, edits: Array.isArray(value) ? value.length : 0 }];
    });
  }

  /** The edits of a stack, and how many of them cannot be read. */
  async take(id: string): Promise<{ edits: EarlierEdit[]; unread: number }> {
    const [, format, model] = LIST.exec(id) ?? [];
    const value = await this.#database.get(id);
    const entries = format === "1" ? asShape(value, stack) : await this.#beside(model, value);
    const edits = (entries ?? []).flatMap(({ on, truth, delta }): EarlierEdit[] => {
      try {
        const read = delta instanceof Uint8Array ? readDelta(delta, KEPT) : keptDelta(delta, KEPT);
        return [{ on, truth, delta: read }];
      } catch {
        return [];
      }
    });
    return { edits, unread: (entries?.length ?? 1) - edits.length };
  }

  /** Deletes a stack with its edits. */
  async remove(id: string): Promise<void> {
    const [, format, model] = LIST.exec(id) ?? [];
    const keys = format === "2" ? await this.#database.keys(editKey(model, "")) : [];
    await this.#database.change(id, () => new Map([id, ...keys].map((key) => [key, undefined])));
  }

  async #beside(model: string, value: unknown) {
    const entries = asShape(value, places);
    return (
      entries &&
      Promise.all(
        entries.map(async ({ id, on, truth }) => {
          return { on, truth, delta: await this.#database.get(editKey(model, id)) };
        }),
      )
    );
  }
}

const editKey = (model: string, id: string) => `palimpsest/2/edit/${model}/${id}`;
