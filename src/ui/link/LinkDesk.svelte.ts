import type { RemoteLab } from "../../../workers/connect.ts";
import type { HeldEdit, Imported, ModelView } from "../../../workers/protocol/protocol.ts";
import type { RunKind } from "../../data/run/RunContext.ts";
import { fileName } from "../../data/fileName.ts";
import { type LinkedEdit, linkedEditsText, readLinkedEdits } from "../../data/run/linkedEdits.ts";
import { type LinkedRun, linkedRunsText, readLinkedRuns } from "../../data/run/linkedRuns.ts";
import { together } from "../../data/together.ts";
import type { Edit } from "../edit/EditStack.svelte.ts";
import { messageOf } from "../parts/sentence.ts";
import type { PlaceName } from "../place/address.ts";
import type { PartialView } from "../viewHash.ts";

/** An edit that a link stands on, and where it would come from. */
export interface WantedEdit extends LinkedEdit {
  from: "stack" | "history" | "link" | "file";
}

/** What the session lends. */
export interface LinkHost {
  lab(): Pick<RemoteLab["runs"], "kept" | "keptEdits" | "edit" | "linked" | "unpack">;
  model(): ModelView | null;
  /** The stack of edits. */
  edits(): Edit[];
  /** Puts edits on the stack where they are not there yet, and has those that are named on and no other. */
  switchTo(edits: HeldEdit[], named: LinkedEdit[]): Promise<void>;
  /** Reads a file as an edit; undefined where it is none, which is told. */
  read(file: File): Promise<Imported | undefined>;
  /** Shows a kept run in its place again. */
  show(id: string): Promise<void>;
  /** Runs of which results are shown now. */
  shown(): LinkedRun[];
  /** Runs again what a link would show. */
  run(kind: RunKind): Promise<void>;
}

const STAMP = 16;
/** Edits that the address carries by reference. */
const FEW = 8;
/** Which results stand in which place. */
const placeKinds: Record<PlaceName, readonly RunKind[]> = {
  fact: ["trace", "score", "text"],
  facts: ["table"],
  studies: [],
  edits: [],
};
/** What the file of an edit is called. */
const fileOf = ({ method, facts: [fact, ...others], model }: HeldEdit): string =>
  `${fact && !others.length ? fileName(method, fact.subject, fact.target) : fileName(method, model)}.safetensors`;
const words: Record<RunKind, string> = {
  trace: "the trace",
  edit: "an edit",
  score: "the scores",
  table: "the scores of a table",
  study: "a study",
  text: "the continued text",
};

/**
 * What a link brings beside the form: results by reference, and edits, by reference or in the link itself. Nothing is
 * switched on before the reader says so.
 */
export class LinkDesk {
  /** Edits that the link stands on and that are not on here: a question. */
  wanted = $state.raw<WantedEdit[]>([]);
  /** Results that the link names and this browser does not keep. */
  missing = $state.raw<RunKind[]>([]);
  /** That the model is another than that of the link. */
  another = $state(false);
  problem = $state("");
  said = $state("");
  /** Edits that are too large for the link that was made last, by their files. */
  beside = $state.raw<{ digest: string; file: string }[]>([]);
  /** What could be run again of {@link missing}. */
  repeatable = $derived(this.missing.filter((kind) => ["trace", "score", "text"].includes(kind)));
  /** What is missing, as words for a sentence. */
  missingWords = $derived(together(this.missing.map((kind) => words[kind])));
  /** The files that are still needed. */
  files = $derived(this.wanted.filter(({ from }) => from === "file").map(({ file }) => file));
  /** What was given of the files that the link asks for. */
  #given: HeldEdit[] = [];
  #arrived: { view: PartialView; ours: boolean } | null = null;
  readonly #host: LinkHost;

  constructor(host: LinkHost) {
    this.#host = host;
  }

  /** A link was opened; {@link settle} looks at the rest when its model is open. */
  arrive(view: PartialView, ours: boolean) {
    this.dismiss();
    this.#arrived = view.runs || view.edits ? { view, ours } : null;
  }

  /** Shows the results that are kept here, and asks for the edits. */
  async settle() {
    const [arrived, model] = [this.#arrived, this.#host.model()];
    if (!arrived || !model) return;
    this.#arrived = null;
    const { view, ours } = arrived;
    await this.#try(async () => {
      this.another = view.stamp !== undefined && !model.identity.stamp.startsWith(view.stamp);
      const runs = readLinkedRuns(view.runs ?? "");
      const kept = await this.#host.lab().kept(runs.map(({ id }) => id));
      const seen = this.#host.shown().map(({ id }) => id);
      for (const id of kept) if (!seen.includes(id)) await this.#host.show(id);
      this.missing = runs.filter(({ id }) => !kept.includes(id)).map(({ kind }) => kind);
      // The edits of a page of before are those that this browser keeps.
      if (!ours) await this.#ask(readLinkedEdits(view.edits ?? ""));
    });
  }

  /** The reader says yes: what is at hand is switched on, and nothing else. */
  async accept() {
    await this.#try(async () => {
      const fresh: HeldEdit[] = [];
      for (const edit of this.wanted) {
        const held =
          edit.from === "link"
            ? await this.#host.lab().unpack(edit)
            : edit.from === "history"
              ? await this.#host.lab().edit(edit.digest)
              : undefined;
        if (held) fresh.push(held);
      }
      await this.#switchTo(fresh);
    });
  }

  /** A file that the link asks for. */
  async give(file: File) {
    await this.#try(async () => {
      const taken = await this.#host.read(file);
      if (!taken) return;
      if (!taken.edit) throw new Error(taken.question);
      const { digest } = taken.edit;
      if (!this.wanted.some((edit) => edit.digest === digest))
        throw new Error(
          `${file.name} is another edit than those that the link names; give ${together(this.files)}`,
        );
      const held = taken.edit;
      this.#given = [...this.#given, held];
      this.wanted = this.wanted.map((edit) =>
        edit.digest === digest ? { ...edit, from: "stack" } : edit,
      );
      if (!this.files.length) await this.#switchTo([]);
    });
  }

  /** Runs again what is not kept here. */
  async run() {
    const kinds = this.repeatable;
    this.missing = [];
    for (const kind of kinds) await this.#host.run(kind);
  }

  /** A result of a kind came by itself. */
  came(kind: RunKind) {
    this.missing = this.missing.filter((other) => other !== kind);
  }

  /** Leaves all as it is. */
  dismiss() {
    Object.assign(this, { wanted: [], missing: [], another: false, problem: "", said: "" });
    this.beside = [];
    this.#given = [];
  }

  /** What the address carries of a place's results and of edits, by reference. */
  view(place: PlaceName): Pick<PartialView, "runs" | "edits" | "stamp"> {
    const of = placeKinds[place];
    const runs = linkedRunsText(this.#host.shown().filter(({ kind }) => of.includes(kind)));
    const on = this.#host.edits().filter((edit) => edit.on);
    // What is asked about stands in the address until it is answered.
    const edits = this.wanted.length
      ? linkedEditsText(this.wanted)
      : linkedEditsText(on.slice(0, FEW).map((edit) => ({ ...edit, file: fileOf(edit) })));
    return { runs, edits, stamp: runs || edits ? this.#stamp() : undefined };
  }

  #stamp = () => this.#host.model()?.identity.stamp.slice(0, STAMP);

  /**
   * The link to what is shown, on the clipboard.
   *
   * @param address the address with these edits in it
   */
  async copy(address: (view: PartialView) => string) {
    await this.#try(async () => {
      const on = this.#host.edits().filter((edit) => edit.on);
      const linked = await this.#host.lab().linked(on.map(({ id }) => id));
      const edits = linked.map((edit, i) => ({ ...edit, strength: on[i].strength }));
      const stamp = this.#stamp();
      await navigator.clipboard.writeText(address({ edits: linkedEditsText(edits), stamp }));
      this.beside = edits.filter(({ packed }) => !packed);
      const inside = edits.length - this.beside.length;
      const parts = [
        "the form",
        ...(this.#host.shown().length ? ["the results for who has them"] : []),
        ...(inside ? [inside === 1 ? "one edit" : `${inside} edits`] : []),
      ];
      this.said = `The link is copied, with ${together(parts)}.`;
    });
  }

  async #ask(edits: LinkedEdit[]) {
    const stack = this.#host.edits();
    const on = stack.filter((edit) => edit.on);
    const isOn = ({ digest, strength = 1 }: LinkedEdit) =>
      on.some((edit) => edit.digest === digest && edit.strength === strength);
    if (edits.every(isOn) && on.length === edits.length) return;
    const here = stack.map(({ digest }) => digest);
    const kept = await this.#host.lab().keptEdits(edits.map(({ digest }) => digest));
    this.wanted = edits.map((edit) => {
      if (here.includes(edit.digest)) return { ...edit, from: "stack" };
      if (edit.packed !== undefined) return { ...edit, from: "link" };
      return { ...edit, from: kept.includes(edit.digest) ? "history" : "file" };
    });
  }

  async #switchTo(fresh: HeldEdit[]) {
    const edits = [...this.#given, ...fresh];
    const { wanted } = this;
    const named = wanted.filter(({ from }) => from !== "file");
    this.#given = [];
    this.wanted = wanted.filter(({ from }) => from === "file");
    await this.#host.switchTo(edits, named);
  }

  async #try(work: () => Promise<void>) {
    this.problem = this.said = "";
    try {
      await work();
    } catch (error) {
      this.problem = messageOf(error);
    }
  }
}
