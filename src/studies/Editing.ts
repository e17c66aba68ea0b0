import type { Model } from "../engine/Model.ts";
import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Edit, EditContext, Editor, ValueCache } from "../methods/edit/Editor.ts";
import { writeEdit } from "../methods/edit/writeEdit.ts";
import type { EditRequest } from "../methods/edit/editRequest.ts";
import type { LayerStatistics } from "../methods/statistics/statistics.ts";

/** An editing method and what it is set to. */
export interface EditingChoice {
  editor: Editor;
  settings: object;
}

/** What all edits of a study share. */
export interface EditingHost extends Stoppable {
  model: Model;
  seed: number;
  /** C of a layer; throws where there is none. */
  statistics: (layer: number) => Promise<LayerStatistics>;
  /** Templates in the place of sampled ones. */
  contexts?: string[] | string[][] | undefined;
  /** Where what is found for a fact is kept. */
  values?: ValueCache | undefined;
}

/**
 * An editing method as a study uses it: its contexts are sampled once, from the model as it is at first, a C is read once
 * for all edits that follow each other, and what is found for a fact is kept.
 */
export class Editing implements EditingChoice {
  readonly editor: Editor;
  readonly settings: object;
  readonly #host: EditingHost;
  #contexts: EditContext["contexts"];

  constructor({ editor, settings }: EditingChoice, host: EditingHost) {
    this.editor = editor;
    this.settings = settings;
    this.#host = host;
    this.#contexts = host.contexts;
  }

  /** The same method with some settings changed, and with other statistics where they are given. */
  with(changes: object, statistics = this.#host.statistics): Editing {
    const settings = { ...this.settings, ...changes };
    return new Editing({ editor: this.editor, settings }, { ...this.#host, statistics });
  }

  /** The same method on another model, with the same statistics and its own contexts. */
  on(model: Model): Editing {
    return new Editing(this, { ...this.#host, model });
  }

  /** Why it cannot edit, where statistics are missing. */
  async lacks(): Promise<string | undefined> {
    try {
      for (const layer of this.editor.statistics(this.settings)) await this.#host.statistics(layer);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /**
   * Writes facts into the model as it is; the model stays unchanged.
   *
   * @throws what the method throws
   */
  async write(facts: EditRequest[], onEvent?: EditContext["onEvent"]): Promise<Edit> {
    const { model, seed, statistics, values, signal } = this.#host;
    const at = { seed, statistics, contexts: this.#contexts, values, signal, onEvent };
    const edit = await model.frame(() =>
      writeEdit(this.editor, model, { facts, settings: this.settings, at }),
    );
    this.#contexts = edit.contexts;
    return edit;
  }
}

/**
 * Statistics that are read once while they are asked for again and again: those of the last few layers are kept, since
 * the factor of C is kept with them, and one C may take a gigabyte.
 */
export function recentStatistics(
  read: (layer: number) => Promise<LayerStatistics>,
  most: number,
): (layer: number) => Promise<LayerStatistics> {
  const kept = new Map<number, Promise<LayerStatistics>>();
  return (layer) => {
    const found = kept.get(layer) ?? read(layer);
    kept.delete(layer);
    kept.set(layer, found);
    for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size - most))) kept.delete(old);
    found.catch(() => kept.delete(layer));
    return found;
  };
}
