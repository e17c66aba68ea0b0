import type { Delta, EditView } from "../../../workers/protocol/protocol.ts";

/** One edit in the stack: its delta, whether it is switched on, and what is known of it. */
export interface Edit {
  id: number;
  on: boolean;
  delta: Delta;
  /** ‖ΔW‖/‖W‖ of the edited matrices. */
  relativeNorm: number;
  /** What was overwritten, where it is known. */
  truth: string;
  /** The run that made it; absent for an imported or a kept delta. */
  made?: EditView;
}

/** The edits on this page, in the order they were made; every change can be undone. */
export class EditStack {
  edits = $state.raw<Edit[]>([]);
  /** The edits that are switched on. */
  active = $derived(this.edits.filter((edit) => edit.on));
  canUndo = $derived.by(() => this.#history.length > 0);
  #history = $state.raw<Edit[][]>([]);
  #lastId = 0;

  add(edit: Omit<Edit, "id" | "on">): Edit {
    const added = { ...edit, id: ++this.#lastId, on: true };
    this.#change([...this.edits, added]);
    return added;
  }

  toggle(id: number) {
    this.#change(this.edits.map((edit) => (edit.id === id ? { ...edit, on: !edit.on } : edit)));
  }

  remove(id: number) {
    this.#change(this.edits.filter((edit) => edit.id !== id));
  }

  undo() {
    const last = this.#history.at(-1);
    if (!last) return;
    this.edits = last;
    this.#history = this.#history.slice(0, -1);
  }

  /** Another model, another stack; this is no step that could be undone. */
  replace(edits: Omit<Edit, "id">[]) {
    this.edits = edits.map((edit) => ({ ...edit, id: ++this.#lastId }));
    this.#history = [];
  }

  #change(edits: Edit[]) {
    this.#history = [...this.#history.slice(-49), this.edits];
    this.edits = edits;
  }
}
