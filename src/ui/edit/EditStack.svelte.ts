import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  AdapterFolder,
  BrokenEdit,
  EditEffect,
  EditForm,
  HeldEdit,
  KeepAnswer,
  SavedFile,
} from "../../../workers/protocol/protocol.ts";
import { readStackRecipe } from "../../data/delta/stackRecipe.ts";
import { type ModelIdentity, otherModel } from "../../data/identity/ModelIdentity.ts";
import { bounds } from "../../data/outside/bounds.ts";
import type { RunEdit } from "../../data/run/RunContext.ts";
import { download } from "../parts/download.ts";

/** One edit in the stack: what is known of it, and whether it is switched on. The worker holds its delta. */
export interface Edit extends HeldEdit {
  on: boolean;
  /** What was overwritten, where it is known. */
  truth: string;
  /** What its ΔW is multiplied by. */
  strength: number;
}

type Report = (done: number, total: number, stage: string) => void;

/** What the session lends. */
export interface StackHost {
  /** What the open model is known by. */
  identity(): ModelIdentity | undefined;
  lab(): RemoteLab["edits"];
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(stage: string, work: (id: number, report: Report) => Promise<T>): Promise<T | undefined>;
  /** A number for a job beside those. */
  number(): number;
  /** The edits that are on are others now. */
  changed(): Promise<void>;
  report(error: unknown): void;
  notify(notice: string): void;
  /** Something worth keeping was kept. */
  kept(): void;
}

/** The edits on this page, in the order they were made; every change can be undone. */
export class EditStack {
  edits = $state.raw<Edit[]>([]);
  /** Edits of an earlier visit that cannot be used: never switched on, and there until they are deleted. */
  broken = $state.raw<BrokenEdit[]>([]);
  /** The edits that are switched on. */
  active = $derived(this.edits.filter((edit) => edit.on));
  canUndo = $derived.by(() => this.#history.length > 0);
  /** A file that says that it was made with another model, until the reader has said whether it is taken. */
  doubtful = $state.raw<{ file: File | AdapterFolder; question: string } | null>(null);
  /** What the model said of edits' facts, as long as the same edits are on. */
  effects = $state.raw<Partial<Record<string, EditEffect>>>({});
  /** Whether the stack was kept when it was last told. */
  durable = false;
  #history = $state.raw<Edit[][]>([]);
  readonly #host: StackHost;

  constructor(host: StackHost) {
    this.#host = host;
  }

  /** Puts an edit on top; {@link apply} tells the worker. */
  add(edit: HeldEdit, truth = "", on = true) {
    this.#change([...this.edits, { ...edit, on, truth: truth || truthOf(edit), strength: 1 }]);
  }

  /** Lays an edit on more or less of it. */
  setStrength(id: string, strength: number) {
    this.#change(this.edits.map((edit) => (edit.id === id ? { ...edit, strength } : edit)));
    return this.#host.changed();
  }

  /** The edits that are on, as a run that begins now would have them. */
  get asRun(): RunEdit[] {
    return this.active.map(({ id, digest, strength }) => ({ id, digest, title: "", strength }));
  }

  /** Puts edits on top that are not there yet, and has those that are named on, at their strengths, and no other. */
  switchTo(edits: HeldEdit[], named: { digest: string; strength?: number | undefined }[]) {
    const known = this.edits.map(({ digest }) => digest);
    const fresh = edits.filter(({ digest }) => !known.includes(digest));
    const added = fresh.map((edit) => ({ ...edit, truth: truthOf(edit), on: true, strength: 1 }));
    const placed = [...this.edits, ...added].map((edit) => {
      const wanted = named.find(({ digest }) => digest === edit.digest);
      return wanted
        ? { ...edit, on: true, strength: wanted.strength ?? 1 }
        : { ...edit, on: false };
    });
    this.#change(placed);
    return this.#host.changed();
  }

  /** Reads a delta or an adapter file, which is not put on the stack. */
  read(file: File) {
    return this.#host.run(`reading ${file.name}`, (id) => this.#host.lab().import(id, file, false));
  }

  toggle(id: string) {
    this.#change(this.edits.map((edit) => (edit.id === id ? { ...edit, on: !edit.on } : edit)));
    return this.#host.changed();
  }

  remove(id: string) {
    this.#change(this.edits.filter((edit) => edit.id !== id));
    return this.#host.changed();
  }

  async undo() {
    const last = this.#history.at(-1);
    if (!last) return;
    this.edits = last;
    this.#history = this.#history.slice(0, -1);
    await this.#host.changed();
  }

  /** Takes the stack that was kept for another model; this is no step that could be undone. */
  async restore() {
    const { edits, broken } = await this.#host.lab().kept();
    this.edits = edits.map(({ edit, on, truth, strength = 1 }) => ({
      ...edit,
      on,
      truth,
      strength,
    }));
    this.broken = broken;
    this.#history = [];
    this.doubtful = null;
  }

  /** Deletes an edit of an earlier visit that cannot be used. */
  async forget(id: string) {
    try {
      await this.#host.lab().forget(id);
      this.broken = this.broken.filter((edit) => edit.id !== id);
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** Tells the worker which edits are on, and keeps the stack for the next visit. */
  async apply() {
    this.effects = {};
    await this.#host.run("switching edits", async () => {
      await this.#switch();
      const answer = await this.#keep();
      this.durable = answer.trouble === null;
      if (answer.trouble) this.#host.notify(answer.trouble);
      else if (this.edits.length) this.#host.kept();
      if (!this.#join(answer)) return;
      // Only what this tab has said that it has can be removed by it later.
      await this.#keep();
      await this.#switch();
    });
  }

  #keep(): Promise<KeepAnswer> {
    return this.#host.lab().keep(
      this.edits.map(({ id, on, truth, strength }) => ({
        id,
        on,
        truth,
        strength: strength === 1 ? undefined : strength,
      })),
    );
  }

  async #switch() {
    const { active } = this;
    const lost = await this.#host.lab().switchOn(
      active.map(({ id }) => id),
      active.map(({ strength }) => strength),
    );
    if (lost.length) this.#forget(lost);
  }

  /** What another tab did with the edits of this model: its own are put here, switched off. */
  #join(answer: KeepAnswer): boolean {
    const here = this.edits.map(({ id }) => id);
    const added = answer.added.filter(({ id }) => !here.includes(id));
    const removed = answer.removed.filter((id) => here.includes(id));
    if (added.length) {
      const theirs = added.map(({ edit, truth, strength = 1 }) => ({
        ...edit,
        on: false,
        truth,
        strength,
      }));
      this.edits = [...this.edits, ...theirs];
      // Undo goes back to before a step of this tab, and takes nothing of another's.
      this.#history = this.#history.map((edits) => [...edits, ...theirs]);
      this.#host.notify(
        `another tab has made ${some(added)} with this model; here too now, switched off`,
      );
    }
    if (removed.length) {
      this.#change(this.edits.filter(({ id }) => !removed.includes(id)));
      this.#host.notify(
        `another tab has removed ${some(removed)} of this model; Undo brings it back`,
      );
    }
    return added.length + removed.length > 0;
  }

  /**
   * Takes a delta, an adapter's zip or folder, or a recipe into the stack, the last by making its edits again; asks where it says that
   * it was made with another model.
   */
  async import(file: File | AdapterFolder, another = false) {
    this.doubtful = null;
    if (!("files" in file) && /\.json$/i.test(file.name)) return this.#repeat(file, another);
    const imported = await this.#host.run(`reading ${file.name}`, (id) =>
      this.#host.lab().import(id, file, another),
    );
    if (!imported) return;
    if (!imported.edit) {
      this.doubtful = { file, question: imported.question };
      return;
    }
    const { digest } = imported.edit;
    const twin = this.edits.find((edit) => edit.digest === digest);
    if (twin) {
      this.#host.notify(`${file.name} is in the stack already; nothing was added`);
      return;
    }
    this.add(imported.edit);
    await this.#host.changed();
  }

  async #repeat(file: File, another: boolean) {
    const made = await this.#host.run(`reading ${file.name}`, async (id, report) => {
      if (file.size > bounds.json)
        throw new Error(`${file.name} is too large for a recipe: ${file.size} bytes`);
      const recipe = readStackRecipe(new Uint8Array(await file.arrayBuffer()), file.name);
      const open = this.#host.identity();
      const { name, ...rest } = recipe.model;
      const differs = open && otherModel({ id: name, ...rest }, open);
      if (differs && !another) {
        this.doubtful = { file, question: `${file.name}: ${differs}` };
        return undefined;
      }
      const given = Object.fromEntries(this.edits.map((edit) => [edit.digest, edit.id]));
      return this.#host.lab().repeat(id, { recipe, given }, report);
    });
    if (!made) return;
    const known = this.edits.map(({ digest }) => digest);
    // An edit that others stand on in part, and that is on by itself, is one.
    const byUse = [...made.edits.filter(({ on }) => on), ...made.edits.filter(({ on }) => !on)];
    const digests = byUse.map(({ edit }) => edit.digest);
    const once = made.edits.filter((one) => byUse[digests.indexOf(one.edit.digest)] === one);
    const added = once.filter(({ edit }) => !known.includes(edit.digest));
    const others = added.map(({ edit, on, strength }) => ({
      ...edit,
      on,
      truth: truthOf(edit),
      strength,
    }));
    if (others.length) this.#change([...this.edits, ...others]);
    const some = once.length - others.length;
    if (some) this.#host.notify(`${some} of the edits of ${file.name} are in the stack already`);
    for (const sentence of made.edits.flatMap(({ differences }) => differences))
      this.#host.notify(`${file.name}: ${sentence}`);
    await this.#host.changed();
  }

  /** Asks the model for an edit's facts, without it and with it. */
  async measure({ id, strength }: Edit) {
    const effect = await this.#host.run("asking the model before and after", (job) =>
      this.#host.lab().effect(job, id, strength),
    );
    if (effect) this.effects = { ...this.effects, [id]: effect };
  }

  /** Hands the recipe of the whole stack to the reader's downloads. */
  async saveRecipe() {
    const places = this.edits.map(({ id, on, strength }) => ({ id, on, strength }));
    await this.#download((job) => this.#host.lab().saveRecipe(job, places));
  }

  /** Hands what is on to the reader's downloads, as one edit. */
  saveSum() {
    return this.#download((job) => this.#host.lab().saveSum(job));
  }

  /** Hands an edit, at its strength, to the reader's downloads. */
  save({ id, strength }: Edit, form: EditForm) {
    return this.#download((job) => this.#host.lab().save(job, id, form, strength));
  }

  async #download(make: (job: number) => Promise<SavedFile>) {
    try {
      const file = await make(this.#host.number());
      download(file.name, file.bytes, file.type);
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** The worker that held these is gone, and the browser kept no copy: undo does not bring them back either. */
  #forget(ids: string[]) {
    const without = (edits: Edit[]) => edits.filter(({ id }) => !ids.includes(id));
    this.edits = without(this.edits);
    this.#history = this.#history.map(without);
    const verb = ids.length === 1 ? "is" : "are";
    this.#host.notify(`${some(ids)} ${verb} lost with the worker: this browser kept no copy`);
  }

  #change(edits: Edit[]) {
    this.#history = [...this.#history.slice(-49), this.edits];
    this.edits = edits;
  }
}

/** What an edit says that it overwrote, where it is one fact. */
const truthOf = ({ facts }: HeldEdit): string => (facts.length === 1 ? (facts[0].truth ?? "") : "");

const some = ({ length }: readonly unknown[]) => (length === 1 ? "one edit" : `${length} edits`);
