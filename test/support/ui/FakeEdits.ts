/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  AdapterFolder,
  BrokenEdit,
  EditEffect,
  HeldEdit,
  Imported,
  KeptEdit,
  KeptStack,
  RepeatedEdits,
  SavedFile,
  StackPlace,
  WrittenFact,
} from "../../../workers/protocol/protocol.ts";

type RemoteEdits = RemoteLab["edits"];

/** Edits by name, without a delta behind them. */
export class FakeEdits implements RemoteEdits {
  /** What the worker has; cleared, it is a worker that kept nothing. */
  held = new Map<string, HeldEdit>();
  active: HeldEdit[] = [];
  /** What their ΔW are multiplied by. */
  strengths: number[] = [];
  /** Why the stack is not kept. */
  trouble: string | null = null;
  /** What was kept and cannot be used. */
  broken: BrokenEdit[] = [];
  /** What another tab did, to be told once. */
  added: KeptEdit[] = [];
  removed: string[] = [];
  /** What an imported file is asked about; without one, none can be read. */
  question: string | null = null;
  /** What a file that can be read holds. */
  imported: (() => HeldEdit) | null = null;
  #stack: StackPlace[] = [];

  hold(edit: { method: string; facts: WrittenFact[]; layers: number[] }): HeldEdit {
    const id = `edit ${this.held.size + 1}`;
    const { method, facts, layers } = edit;
    const held: HeldEdit = {
      id,
      digest: id,
      method,
      facts,
      model: "demo",
      weights: layers.map((layer) => ({ weight: `layer ${layer}`, layer, norm: 0.061 })),
      relativeNorm: 0.061,
      repeatable: facts.length > 0,
    };
    this.held.set(id, held);
    return held;
  }

  async switchOn(ids: string[], strengths: number[] = []) {
    this.strengths = strengths;
    this.active = ids.flatMap((id) => this.held.get(id) ?? []);
    return ids.filter((id) => !this.held.has(id));
  }

  async keep(stack: StackPlace[]) {
    this.#stack = stack;
    const { added, removed } = this;
    Object.assign(this, { added: [], removed: [] });
    return { trouble: this.trouble, added, removed };
  }

  async kept(): Promise<KeptStack> {
    const edits = this.#stack.flatMap((place) => {
      const edit = this.held.get(place.id);
      return edit ? [{ ...place, edit }] : [];
    });
    return { edits, broken: this.broken };
  }

  async forget(id: string) {
    this.broken = this.broken.filter((edit) => edit.id !== id);
  }

  async import(_id: number, file: File | AdapterFolder, another = false): Promise<Imported> {
    if (this.question !== null) {
      if (!another) return { question: this.question };
      return { edit: this.hold({ method: "ROME", facts: [], layers: [2] }) };
    }
    if (this.imported) return { edit: this.imported() };
    throw new Error(`${file.name} is not a safetensors file: it is too short for a header`);
  }

  async effect(): Promise<EditEffect> {
    return { before: [], after: [] };
  }

  async saveSum(): Promise<SavedFile> {
    return { name: "sum.safetensors", type: "application/octet-stream", bytes: new Uint8Array(8) };
  }

  async saveRecipe(): Promise<SavedFile> {
    return { name: "stack.json", type: "application/json", bytes: new Uint8Array(8) };
  }

  async repeat(): Promise<RepeatedEdits> {
    return { edits: [] };
  }

  async save(): Promise<SavedFile> {
    return { name: "edit.safetensors", type: "application/octet-stream", bytes: new Uint8Array(8) };
  }
}
