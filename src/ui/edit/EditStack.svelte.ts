import type { HeldEdit, KeptEdit } from "../../../workers/protocol/protocol.ts";

/** One edit in the stack: what is known of it, and whether it is switched on. The worker holds its delta. */
export interface Edit extends HeldEdit {
  on: boolean;
  /** What was overwritten, where it is known. */
  truth: string;
}

/** The edits on this page, in the order they were made; every change can be undone. */
export class EditStack {
  edits = $state.raw<Edit[]>([]);
  /** The edits that are switched on. */
  active = $derived(this.edits.filter((edit) => edit.on));
  canUndo = $derived.by(() => this.#history.length > 0);
  #history = $state.raw<Edit[][]>([]);

  /** Puts an edit on top, switched on. */
  add(edit: HeldEdit, truth = "") {
    this.#change([...this.edits, { ...edit, on: true, truth }]);
  }

  toggle(id: string) {
    this.#change(this.edits.map((edit) => (edit.id === id ? { ...edit, on: !edit.on } : edit)));
  }

  remove(id: string) {
    this.#change(this.edits.filter((edit) => edit.id !== id));
  }

  undo() {
    const last = this.#history.at(-1);
    if (!last) return;
    this.edits = last;
    this.#history = this.#history.slice(0, -1);
  }

  /** Another model, another stack; this is no step that could be undone. */
  replace(kept: KeptEdit[]) {
    this.edits = kept.map(({ edit, on, truth }) => ({ ...edit, on, truth }));
    this.#history = [];
  }

  /** Edits that are no longer to be had; undo does not bring them back. */
  forget(ids: string[]) {
    const without = (edits: Edit[]) => edits.filter(({ id }) => !ids.includes(id));
    this.edits = without(this.edits);
    this.#history = this.#history.map(without);
  }

  #change(edits: Edit[]) {
    this.#history = [...this.#history.slice(-49), this.edits];
    this.edits = edits;
  }
}
