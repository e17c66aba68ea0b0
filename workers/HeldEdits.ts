import { checkDeltaFits } from "../src/data/delta/checkDelta.ts";
import { layerOf, type Delta } from "../src/data/delta/delta.ts";
import { readDelta, writeDelta } from "../src/data/delta/deltaFile.ts";
import { keptDelta } from "../src/data/delta/keptDelta.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import type { ModelConfig } from "../src/engine/architecture/config.ts";
import { weightShapes } from "../src/engine/architecture/weightShapes.ts";
import { Shelf } from "../src/engine/storage/Shelf.ts";
import { editors } from "../src/methods/edit/editors.ts";
import type { HeldEdit, KeptEdit, KeptStack, StackPlace } from "./protocol/editProtocol.ts";

/** A stack as it was kept before edits had names of their own, deltas and all. */
type OldStack = { on: boolean; truth: string; delta: unknown }[];

/**
 * The edits of the model that is open, by name: their deltas stay in the worker, and on the worker's shelf from one
 * visit to the next. The page has their names and what a reader is told of them.
 */
export class HeldEdits {
  readonly #config: () => ModelConfig;
  readonly #shelf: Shelf;
  #model = "";
  #held = new Map<string, Delta>();
  #active: Delta[] = [];

  constructor(config: () => ModelConfig, shelf = new Shelf()) {
    this.#config = config;
    this.#shelf = shelf;
  }

  /** The deltas that are switched on, the same list until that changes. */
  get active(): Delta[] {
    return this.#active;
  }

  /** Another model is open, or the same anew: no edit is on, and those of another are let go of. */
  modelChanged() {
    const { name, revision } = this.#config();
    const model = `${name}@${revision}`;
    if (model !== this.#model) this.#held = new Map();
    this.#model = model;
    this.#active = [];
  }

  /**
   * Takes an edit, switched off.
   *
   * @throws a sentence where it does not fit the model
   */
  hold(delta: Delta): HeldEdit {
    this.#checkFits(delta);
    const id = crypto.randomUUID();
    this.#held.set(id, delta);
    return viewOf(id, delta);
  }

  /**
   * An edit by its name, from the shelf where another worker made it.
   *
   * @throws a sentence where it is nowhere
   */
  async find(id: string): Promise<Delta> {
    const found = await this.#find(id);
    if (found) return found;
    throw new Error("this edit is no longer there; undo brings back nothing of it, so remove it");
  }

  /** Switches on these edits and no other; answers those that are nowhere. */
  async switchOn(ids: string[]): Promise<string[]> {
    const found = await Promise.all(ids.map((id) => this.#find(id)));
    const deltas = found.flatMap((delta) => delta ?? []);
    for (const delta of deltas) this.#checkFits(delta);
    this.#active = deltas;
    return ids.filter((_, i) => !found[i]);
  }

  /** Keeps the page's stack for the next visit; the sentence that says why not, if so. */
  async keep(stack: StackPlace[]): Promise<string | null> {
    const there = new Set(await this.#shelf.keys(this.#place("")));
    let trouble: string | null = null;
    for (const { id } of stack) {
      const delta = this.#held.get(id);
      if (!delta || there.has(this.#place(id))) continue;
      trouble = (await this.#shelf.put(this.#place(id), writeDelta(delta))) ?? trouble;
    }
    trouble = (await this.#shelf.put(this.#list, stack)) ?? trouble;
    if (!trouble) await this.#shelf.drop(this.#oldList);
    return trouble;
  }

  /** The stack that was kept for this model; deltas that no stack names any more are forgotten. */
  async kept(): Promise<KeptStack> {
    const stack = (await this.#shelf.take(this.#list)) as StackPlace[] | undefined;
    if (!stack) return { edits: await this.#keptBefore(), lost: 0 };
    const named = new Set(stack.map(({ id }) => this.#place(id)));
    for (const key of await this.#shelf.keys(this.#place("")))
      if (!named.has(key)) await this.#shelf.drop(key);
    const edits: KeptEdit[] = [];
    for (const place of stack) {
      const found = await this.#find(place.id);
      if (found) edits.push({ ...place, edit: viewOf(place.id, found) });
    }
    return { edits, lost: stack.length - edits.length };
  }

  async #keptBefore(): Promise<KeptEdit[]> {
    const stack = ((await this.#shelf.take(this.#oldList)) ?? []) as OldStack;
    return stack.map(({ on, truth, delta }) => {
      const edit = this.hold(keptDelta(delta));
      return { id: edit.id, on, truth, edit };
    });
  }

  async #find(id: string): Promise<Delta | undefined> {
    const held = this.#held.get(id);
    if (held) return held;
    const bytes = await this.#shelf.take(this.#place(id));
    if (!(bytes instanceof Uint8Array)) return undefined;
    try {
      const delta = readDelta(bytes, "a kept edit");
      this.#held.set(id, delta);
      return delta;
    } catch {
      return undefined;
    }
  }

  #checkFits(delta: Delta) {
    const config = this.#config();
    checkDeltaFits(delta, { name: config.name, weights: weightShapes(config) });
  }

  #place(id: string): string {
    return `palimpsest/2/edit/${this.#model}/${id}`;
  }

  get #list(): string {
    return `palimpsest/2/edits/${this.#model}`;
  }

  get #oldList(): string {
    return `palimpsest/1/edits/${this.#model}`;
  }
}

function viewOf(id: string, delta: Delta): HeldEdit {
  const { method, model } = delta.provenance;
  const facts = requestsOf(delta);
  const weights = delta.weights.map(({ weight, norm = NaN }) => ({
    weight,
    layer: layerOf(weight),
    norm,
  }));
  return {
    id,
    method: titleOf(method),
    model,
    facts,
    weights,
    relativeNorm: Math.max(...weights.map(({ norm }) => norm)),
    repeatable: facts.length > 0,
  };
}

/** What a method is called, where it is an editor of ours: "xyz in sequence" after its title too. */
function titleOf(method: string): string {
  const [name, ...rest] = method.split(" ");
  const editor = editors.find((known) => known.name === name);
  return editor ? [editor.title, ...rest].join(" ") : method;
}
