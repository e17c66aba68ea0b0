import { unknown } from "valibot";
import { checkDeltaFits } from "../src/data/delta/checkDelta.ts";
import { layerOf, type Delta } from "../src/data/delta/delta.ts";
import { readDelta, writeDelta } from "../src/data/delta/deltaFile.ts";
import { keptDelta } from "../src/data/delta/keptDelta.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import { bounds } from "../src/data/outside/bounds.ts";
import { asShape } from "../src/data/outside/checkShape.ts";
import { flag, list, longText, name, object } from "../src/data/outside/kinds.ts";
import type { ModelConfig } from "../src/engine/architecture/config.ts";
import { weightShapes } from "../src/engine/architecture/weightShapes.ts";
import { Shelf } from "../src/engine/storage/Shelf.ts";
import { editors } from "../src/methods/edit/editors.ts";
import type { HeldEdit, KeptEdit, KeptStack, StackPlace } from "./protocol/editProtocol.ts";

const place = { on: flag, truth: longText };
/** The stack's list as it is kept; and as it was before edits had names of their own, deltas and all. */
const places = list(object({ id: name, ...place }), bounds.edits);
const oldPlaces = list(object({ ...place, delta: unknown() }), bounds.edits);

const KEPT = "the kept edit";

/** An edit that was looked for: there, or why not. */
type Found = { delta: Delta } | { reason: string };

/**
 * The edits of the model that is open, by name: their deltas stay in the worker, and on the worker's shelf from one
 * visit to the next. The page has their names and what a reader is told of them.
 */
export class HeldEdits {
  readonly #config: () => ModelConfig;
  readonly #shelf: Shelf;
  #model = "";
  #held = new Map<string, Delta>();
  /** What is kept and cannot be used, by its name, with the reason. */
  #broken = new Map<string, string>();
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
    if (model !== this.#model) {
      this.#held = new Map();
      this.#broken = new Map();
    }
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
   * @throws a sentence where it is nowhere, or damaged
   */
  async find(id: string): Promise<Delta> {
    const found = await this.#find(id);
    if ("delta" in found) return found.delta;
    throw new Error(found.reason);
  }

  /** Switches on these edits and no other; answers those that are nowhere. */
  async switchOn(ids: string[]): Promise<string[]> {
    const found = await Promise.all(ids.map((id) => this.#find(id)));
    const deltas = found.flatMap((one) => ("delta" in one ? one.delta : []));
    for (const delta of deltas) this.#checkFits(delta);
    this.#active = deltas;
    return ids.filter((_, i) => !("delta" in found[i]));
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
    const broken = [...this.#broken.keys()].map((id) => ({ id, on: false, truth: "" }));
    trouble = (await this.#shelf.put(this.#list, [...stack, ...broken])) ?? trouble;
    if (!trouble) await this.#shelf.drop(this.#oldList);
    return trouble;
  }

  /**
   * The stack that was kept for this model, checked anew; deltas that no stack names any more are forgotten. What cannot
   * be used is named with its reason, and stays until {@link forget}.
   */
  async kept(): Promise<KeptStack> {
    const list = await this.#shelf.take(this.#list);
    const stack = list === undefined ? await this.#oldStack() : await this.#stackOf(list);
    const edits: KeptEdit[] = [];
    for (const place of stack) {
      const found = await this.#fitting(place.id);
      if ("reason" in found) this.#broken.set(place.id, found.reason);
      else edits.push({ ...place, edit: viewOf(place.id, found.delta) });
    }
    return { edits, broken: Array.from(this.#broken, ([id, reason]) => ({ id, reason })) };
  }

  /** Deletes an edit that was kept and cannot be used. */
  async forget(id: string): Promise<void> {
    this.#broken.delete(id);
    await this.#shelf.drop(this.#place(id));
    const list = asShape(await this.#shelf.take(this.#list), places);
    const without = list?.filter((place) => place.id !== id);
    if (without) await this.#shelf.put(this.#list, without);
  }

  /** The places of a list that was kept; where it is damaged, every edit that is there, switched off. */
  async #stackOf(list: unknown): Promise<StackPlace[]> {
    const keys = await this.#shelf.keys(this.#place(""));
    const stack = asShape(list, places);
    if (!stack) {
      return keys.map((key) => ({ id: key.slice(this.#place("").length), on: false, truth: "" }));
    }
    const named = new Set(stack.map(({ id }) => this.#place(id)));
    for (const key of keys) if (!named.has(key)) await this.#shelf.drop(key);
    return stack;
  }

  /** The stack of before edits had names: each gets one. What is damaged is kept as it is. */
  async #oldStack(): Promise<StackPlace[]> {
    const list = await this.#shelf.take(this.#oldList);
    if (list === undefined) return [];
    const stack: StackPlace[] = [];
    for (const old of asShape(list, oldPlaces) ?? [{ on: false, truth: "", delta: list }]) {
      const id = crypto.randomUUID();
      stack.push({ id, on: old.on, truth: old.truth });
      try {
        this.#held.set(id, keptDelta(old.delta));
      } catch {
        await this.#shelf.put(this.#place(id), old.delta);
      }
    }
    return stack;
  }

  async #find(id: string): Promise<Found> {
    const held = this.#held.get(id);
    if (held) return { delta: held };
    const kept = await this.#shelf.take(this.#place(id));
    if (kept === undefined) {
      return { reason: "this edit is no longer there: this browser kept no copy, so remove it" };
    }
    try {
      const delta = kept instanceof Uint8Array ? readDelta(kept, KEPT) : keptDelta(kept, KEPT);
      this.#held.set(id, delta);
      return { delta };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }

  async #fitting(id: string): Promise<Found> {
    const found = await this.#find(id);
    try {
      if ("delta" in found) this.#checkFits(found.delta);
      return found;
    } catch (error) {
      return { reason: (error as Error).message };
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
