import * as Comlink from "comlink";
import type { Delta } from "../src/data/delta/delta.ts";
import { ADAPTER } from "../src/data/delta/adapterNames.ts";
import { readDelta } from "../src/data/delta/deltaFile.ts";
import type { AdapterCheck } from "../src/data/delta/peft.ts";
import type { StackedEdit } from "../src/data/delta/stackRecipe.ts";
import { madeWith, requestsOf } from "../src/data/delta/provenance.ts";
import { sumOf } from "../src/data/delta/sumOf.ts";
import { otherModel } from "../src/data/identity/ModelIdentity.ts";
import { bounds } from "../src/data/outside/bounds.ts";
import { shown } from "../src/data/outside/shown.ts";
import { fillTemplate } from "../src/data/facts/template.ts";
import type { Model } from "../src/engine/Model.ts";
import { targetAnswers } from "../src/methods/score/targetAnswers.ts";
import { adapterWeights } from "../src/methods/edit/adapterWeights.ts";
import type { LayerStatistics } from "../src/methods/statistics/statistics.ts";
import { withNorms } from "../src/methods/edit/relativeNorms.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type {
  AdapterFolder,
  EditEffect,
  EditForm,
  Imported,
  KeepAnswer,
  KeptStack,
  RepeatedEdits,
  RepeatOrder,
  SavedFile,
  StackPlace,
} from "./protocol/editProtocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface EditsHost {
  queue: Queue;
  held: HeldEdits;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  /** C of a layer; undefined where there is none. */
  statistics(layer: number): Promise<LayerStatistics | undefined>;
}

/** What writes and reads the other forms of an edit, fetched when it is wanted. */
const files = () => import("./deltaFiles.ts");
const adapters = () => import("../src/data/delta/readAdapter.ts");

/** Facts of one edit that the model is asked for before and after. */
const ASKED = 50;

/** What the page may do with the edits that the worker holds. */
export class Edits {
  readonly #host: EditsHost;

  constructor(host: EditsHost) {
    this.#host = host;
  }

  /** Switches on these edits and no other, each at its strength; answers those that are no longer to be had. */
  switchOn(ids: string[], strengths?: number[]): Promise<string[]> {
    return this.#host.held.switchOn(ids, strengths);
  }

  /** Keeps the page's stack for the next visit, together with what other tabs keep of the model. */
  keep(stack: StackPlace[]): Promise<KeepAnswer> {
    return this.#host.held.keep(stack);
  }

  /** The stack that was kept for this model. */
  kept(): Promise<KeptStack> {
    return this.#host.held.kept();
  }

  /** Deletes an edit that was kept and cannot be used. */
  forget(id: string): Promise<void> {
    return this.#host.held.forget(id);
  }

  /**
   * Takes a delta, or an adapter as a zip or a folder, if it fits the model; it is not switched on. One that says that it was made with
   * another model is asked about instead, unless `another` says yes.
   */
  import(id: number, file: File | AdapterFolder, another = false): Promise<Imported> {
    const work = async (): Promise<Imported> => {
      const delta = "files" in file ? await readFolder(file) : await readFile(file);
      const differs = otherModel(madeWith(delta.provenance), this.#host.model([]).identity);
      if (differs && !another) return { question: `${file.name}: ${differs}` };
      this.#host.held.checkFits(delta);
      return { edit: await this.#host.held.hold(await this.#measured(delta)) };
    };
    return this.#host.queue.run(id, { doing: `reading ${file.name}`, urgency: "short" }, work);
  }

  /** The delta with ‖ΔW‖/‖W‖ of every weight, which only our own files tell. */
  async #measured({ provenance, weights }: Delta): Promise<Delta> {
    const model = this.#host.model([]);
    return { provenance, weights: await withNorms(model, weights) };
  }

  /** An edit at a strength as a file; its bytes change hands. */
  save(id: number, edit: string, form: EditForm, strength?: number): Promise<SavedFile> {
    const work = async () => {
      const { deltaFile, recipeFile } = await files();
      const found = await this.#host.held.findAt(edit, strength);
      const file =
        form === "delta"
          ? deltaFile(found)
          : form === "recipe"
            ? await recipeFile([{ delta: found, on: true }])
            : await this.#adapter(found);
      return Comlink.transfer(file, [file.bytes.buffer as ArrayBuffer]);
    };
    return this.#host.queue.run(id, { doing: "saving the edit", urgency: "short" }, work);
  }

  /** What is on as one edit, the sum; its bytes change hands. */
  saveSum(id: number): Promise<SavedFile> {
    return this.#host.queue.run(id, "adding the edits", async () => {
      const { active } = this.#host.held;
      if (active.length === 0) throw new Error("no edit is on; switch one on first");
      const { deltaFile } = await files();
      const file = deltaFile(await this.#measured(await sumOf(active)));
      return Comlink.transfer(file, [file.bytes.buffer as ArrayBuffer]);
    });
  }

  /** p(target) of an edit's first facts, with the others that are on: without it, and with it. */
  effect(id: number, edit: string, strength?: number): Promise<EditEffect> {
    const asked = { doing: "asking the model before and after", urgency: "short" } as const;
    return this.#host.queue.run(id, asked, async (signal) => {
      const delta = await this.#host.held.findAt(edit, strength);
      const facts = requestsOf(delta).slice(0, ASKED);
      const others = this.#host.held.others(edit);
      const ask = (deltas: Delta[]) => targetAnswers(this.#host.model(deltas), facts, signal);
      const before = await ask(others);
      return { before, after: await ask([...others, delta]) };
    });
  }

  /** The recipe of a whole stack, by its edits' names; its bytes change hands. */
  saveRecipe(id: number, stack: Omit<StackPlace, "truth">[]): Promise<SavedFile> {
    return this.#host.queue.run(id, "saving the recipe", async () => {
      const edits: StackedEdit[] = [];
      for (const { id, on, strength } of stack)
        edits.push({ delta: await this.#host.held.findAt(id, strength), on });
      const { recipeFile } = await files();
      const file = await recipeFile(edits);
      return Comlink.transfer(file, [file.bytes.buffer as ArrayBuffer]);
    });
  }

  /**
   * Makes the edits of a recipe again. They are held, and what is on stays as it is. Edits that it takes from files must be
   * held already.
   */
  repeat(
    id: number,
    { recipe, given }: RepeatOrder,
    report: (done: number, total: number, stage: string) => void,
  ): Promise<RepeatedEdits> {
    return this.#host.queue.runReporting(id, "repeating the recipe", report, async (signal) => {
      const { held } = this.#host;
      const { active } = held;
      try {
        const { repeatRecipe } = await import("../src/methods/edit/repeatRecipe.ts");
        const made = await repeatRecipe(this.#host.model([]), recipe, {
          signal,
          statistics: (layer) => this.#host.statistics(layer),
          given: async (digest) => {
            const name = given[digest];
            return name === undefined ? undefined : held.find(name);
          },
          switchOn: (deltas) => void this.#host.model(deltas),
          onEdit: (edit, of) => report(edit, of, `making edit ${edit + 1} of ${of}`),
        });
        const edits: RepeatedEdits["edits"] = [];
        for (const { whole, strength, on, same, differences } of made)
          edits.push({ edit: await held.hold(whole), on, strength, same, differences });
        return { edits };
      } finally {
        this.#host.model(active);
      }
    });
  }

  async #adapter(delta: Delta): Promise<SavedFile> {
    const { adapterFile } = await files();
    const check = await this.#check(delta);
    const model = this.#host.model([]);
    return adapterFile(delta, model.config, check, await adapterWeights(model, delta));
  }

  /** p(target) after the prompt of a delta's first fact, without and with this delta alone. */
  async #check(delta: Delta): Promise<AdapterCheck | undefined> {
    const request = requestsOf(delta).at(0);
    if (!request) return undefined;
    const measure = async (deltas: Delta[]) =>
      (await targetAnswers(this.#host.model(deltas), [request]))[0].probability;
    const prompt = fillTemplate(request.prompt, request.subject);
    const before = await measure([]);
    return { prompt, target: request.target, before, after: await measure([delta]) };
  }
}

async function readFile(file: File): Promise<Delta> {
  checkSize(file.name, file.size);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return zip ? (await adapters()).readAdapterZip(bytes, file.name) : readDelta(bytes, file.name);
}

async function readFolder({ name, files }: AdapterFolder): Promise<Delta> {
  const { readAdapter } = await adapters();
  const wanted: readonly string[] = [ADAPTER.config, ADAPTER.weights, ADAPTER.edit];
  const some = files.filter(({ path }) => wanted.includes(path.split("/").at(-1)!));
  checkSize(
    name,
    some.reduce((sum, { file }) => sum + file.size, 0),
  );
  const read = some.map(
    async ({ path, file }) => [path, new Uint8Array(await file.arrayBuffer())] as const,
  );
  return readAdapter(Object.fromEntries(await Promise.all(read)), name);
}

function checkSize(name: string, size: number): void {
  if (size <= bounds.unpacked) return;
  throw new Error(
    `${shown(name)} is refused: it has ${size} bytes, at most ${bounds.unpacked} are read`,
  );
}
