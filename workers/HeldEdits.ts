import { checkDeltaFits } from "../src/data/delta/checkDelta.ts";
import { layerOf, type Delta } from "../src/data/delta/delta.ts";
import { readDelta, writeDelta } from "../src/data/delta/deltaFile.ts";
import { deltaDigest } from "../src/data/delta/digest.ts";
import { keptDelta } from "../src/data/delta/keptDelta.ts";
import { atStrength } from "../src/data/delta/strength.ts";
import { checkStrength } from "../src/data/delta/strengths.ts";
import { madeWith, requestsOf } from "../src/data/delta/provenance.ts";
import { otherModel } from "../src/data/identity/ModelIdentity.ts";
import { weightShapes } from "../src/engine/architecture/weightShapes.ts";
import type { Model } from "../src/engine/Model.ts";
import { OtherTabs } from "../src/engine/storage/OtherTabs.ts";
import { StackStore } from "../src/engine/storage/StackStore.ts";
import { methodTitle, runEdit } from "../src/methods/edit/runEdit.ts";
import type { Frozen } from "./run/Frozen.ts";
import type {
  HeldEdit,
  KeepAnswer,
  KeptEdit,
  KeptStack,
  StackPlace,
} from "./protocol/editProtocol.ts";

const KEPT = "the kept edit";

/** An edit that was looked for: there, or why not. */
type Found = { delta: Delta } | { reason: string };

/** What tells which edits are those of the open model. */
type Open = Pick<Model, "config" | "identity">;

/**
 * The edits of the model that is open, by name: their deltas stay in the worker, and in the browser's storage from one
 * visit to the next, under the stamp of the model. The page has their names and what a reader is told of them.
 */
export class HeldEdits {
  readonly #open: () => Open;
  readonly #store: StackStore;
  readonly #tabs: OtherTabs;
  #model = "";
  #held = new Map<string, Delta>();
  #active: Delta[] = [];
  /** The same edits whole, by their names, and what their ΔW is multiplied by. */
  #on: { id: string; delta: Delta; strength: number }[] = [];
  /** The stack as the page last told it. */
  #told: StackPlace[] = [];
  /** What is kept and cannot be used, by its name, with the reason. */
  #broken = new Map<string, string>();

  constructor(open: () => Open, store = new StackStore(), tabs = new OtherTabs()) {
    this.#open = open;
    this.#store = store;
    this.#tabs = tabs;
  }

  /** The deltas that are switched on, the same list until that changes. */
  get active(): Delta[] {
    return this.#active;
  }

  /** What is on now, for a run that begins: it stays so whatever is switched afterwards. */
  freeze(): Frozen {
    const [deltas, on] = [this.#active, this.#on];
    const edits = () =>
      Promise.all(on.map(({ id, delta, strength }) => runEdit(id, delta, strength)));
    return { deltas, model: this.#open().identity, edits };
  }

  /** Another model is open, or the same anew: no edit is on, and those of another are let go of. */
  modelChanged() {
    const { stamp } = this.#open().identity;
    if (stamp !== this.#model) this.#held = new Map();
    this.#model = stamp;
    this.#active = this.#told = [];
    this.#on = [];
    this.#broken.clear();
  }

  /**
   * Takes an edit, switched off.
   *
   * @throws a sentence where it does not fit the model
   */
  async hold(delta: Delta): Promise<HeldEdit> {
    this.checkFits(delta);
    const id = crypto.randomUUID();
    this.#held.set(id, delta);
    return this.#viewOf(id, delta);
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

  /** {@link find}, with its ΔW multiplied by a number. */
  async findAt(id: string, strength = 1): Promise<Delta> {
    checkStrength(strength);
    return atStrength(await this.find(id), strength);
  }

  /** What is on but for one edit. */
  others(than: string): Delta[] {
    return this.#active.filter((_, i) => this.#on[i].id !== than);
  }

  /**
   * Switches on these edits and no other; answers those that are nowhere.
   *
   * @param strengths what the ΔW of each is multiplied by; 1 where there is none
   */
  async switchOn(ids: string[], strengths: readonly number[] = []): Promise<string[]> {
    const found = await Promise.all(ids.map((id) => this.#find(id)));
    const there = found.flatMap((one, i) =>
      "delta" in one ? { id: ids[i], delta: one.delta, strength: strengths[i] ?? 1 } : [],
    );
    for (const { delta, strength } of there) {
      this.checkFits(delta);
      checkStrength(strength);
    }
    this.#active = await Promise.all(there.map((one) => atStrength(one.delta, one.strength)));
    this.#on = there;
    return ids.filter((_, i) => !("delta" in found[i]));
  }

  /** Keeps the page's stack for the next visit, together with what other tabs keep of the model. */
  async keep(stack: StackPlace[]): Promise<KeepAnswer> {
    const [model, told] = [this.#model, this.#told];
    const bytes = (id: string) => {
      const delta = this.#held.get(id);
      return delta && writeDelta(delta);
    };
    const kept = await this.#store.keep(model, { told, mine: stack, bytes });
    if (model !== this.#model) return { trouble: kept.trouble, added: [], removed: [] };
    this.#told = stack;
    if (kept.changed) this.#tabs.tell({ kind: "edits", model });
    const mine = new Set(stack.map(({ id }) => id));
    const theirs = new Set(kept.places.map(({ id }) => id));
    return {
      trouble: kept.trouble,
      added: await this.#read(kept.places.filter(({ id }) => !mine.has(id))),
      removed: stack.filter(({ id }) => !theirs.has(id)).map(({ id }) => id),
    };
  }

  /**
   * The stack that was kept for this model, checked anew. What cannot be used is named with its reason, and stays until
   * {@link forget}.
   */
  async kept(): Promise<KeptStack> {
    await this.#store.enter(this.#model);
    const edits = await this.#read((await this.#store.places(this.#model)) ?? []);
    this.#told = edits.map(({ id, on, truth, strength }) => ({ id, on, truth, strength }));
    return { edits, broken: Array.from(this.#broken, ([id, reason]) => ({ id, reason })) };
  }

  /** Deletes an edit that was kept and cannot be used. */
  async forget(id: string): Promise<void> {
    this.#broken.delete(id);
    await this.#store.remove(this.#model, id);
  }

  /** Those of some kept edits that can be used; the others stay where they are. */
  async #read(places: readonly StackPlace[]): Promise<KeptEdit[]> {
    const edits: KeptEdit[] = [];
    for (const place of places) {
      if (this.#broken.has(place.id)) continue;
      const found = await this.#fitting(place.id);
      if ("reason" in found) this.#broken.set(place.id, found.reason);
      else edits.push({ ...place, edit: await this.#viewOf(place.id, found.delta) });
    }
    return edits;
  }

  async #find(id: string): Promise<Found> {
    const held = this.#held.get(id);
    if (held) return { delta: held };
    const kept = await this.#store.edit(this.#model, id);
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
      if ("delta" in found) this.checkFits(found.delta);
      return found;
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }

  async #viewOf(id: string, delta: Delta): Promise<HeldEdit> {
    const another = otherModel(madeWith(delta.provenance), this.#open().identity);
    return { ...viewOf(id, delta), digest: await deltaDigest(delta), another };
  }

  /** @throws a sentence where an edit does not fit the open model */
  checkFits(delta: Delta) {
    const { config } = this.#open();
    checkDeltaFits(delta, { name: config.name, weights: weightShapes(config) });
  }
}

function viewOf(id: string, delta: Delta): Omit<HeldEdit, "digest"> {
  const { method, model, created, app, strength } = delta.provenance;
  const facts = requestsOf(delta);
  const weights = delta.weights.map(({ weight, norm = NaN }) => ({
    weight,
    layer: layerOf(weight),
    norm,
  }));
  return {
    id,
    method: methodTitle(method),
    model,
    created,
    app,
    savedAt: strength,
    facts,
    weights,
    relativeNorm: Math.max(...weights.map(({ norm }) => norm)),
    repeatable: facts.length > 0,
  };
}
