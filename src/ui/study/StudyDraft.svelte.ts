import type { NewStudy, StudyOffer } from "../../../workers/protocol/protocol.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { seedField } from "../../data/settings/seedField.ts";
import type { Typed } from "../edit/editorSettings.ts";

/** What the cases of a new study are: the page's facts, a table by its id, or a file. */
export type CasesChoice = { kind: "page" } | { kind: "table"; id: string } | { kind: "file" };

/** The form of a new study: what is typed of each study and each method stays while another is looked at. */
export class StudyDraft {
  study = $state("");
  seed = $state("0");
  choice = $state.raw<CasesChoice>({ kind: "page" });
  file = $state.raw<File | undefined>(undefined);
  #typed = $state.raw<Partial<Record<string, Typed>>>({});
  #methods = $state.raw<Partial<Record<string, string[]>>>({});
  #ofMethods = $state.raw<Partial<Record<string, Typed>>>({});

  /** What is typed of the study, beside its presets. */
  typed(offer: StudyOffer): Typed {
    return this.#typed[offer.name] ?? {};
  }

  type(offer: StudyOffer, typed: Typed) {
    this.#typed = { ...this.#typed, [offer.name]: typed };
  }

  /** The methods that it is to be made with. */
  methods(offer: StudyOffer): string[] {
    return this.#methods[offer.name] ?? offer.chosen;
  }

  choose(offer: StudyOffer, methods: string[]) {
    this.#methods = { ...this.#methods, [offer.name]: methods };
  }

  /** What is typed of a method, beside the model's preset. */
  ofMethod(name: string): Typed {
    return this.#ofMethods[name] ?? {};
  }

  typeOfMethod(name: string, typed: Typed) {
    this.#ofMethods = { ...this.#ofMethods, [name]: typed };
  }

  /** Takes a file of cases, picked or dropped. */
  takeFile(file: File | undefined) {
    this.file = file;
    this.choice = file ? { kind: "file" } : { kind: "page" };
  }

  /**
   * What the worker is asked for.
   *
   * @throws one sentence for what is missing or cannot be read
   */
  order(offer: StudyOffer): NewStudy {
    const methods = offer.editors ? this.methods(offer) : [];
    if (offer.editors && methods.length === 0) {
      throw new Error("no method is chosen; choose one at least");
    }
    return {
      study: offer.name,
      settings: this.typed(offer),
      methods,
      methodSettings: Object.fromEntries(methods.map((name) => [name, this.ofMethod(name)])),
      seed: fieldValue(seedField, this.seed) as number,
      cases: this.#cases(),
    };
  }

  #cases(): NewStudy["cases"] {
    if (this.choice.kind === "page") return undefined;
    if (this.choice.kind === "table") return { table: this.choice.id };
    if (this.file) return { file: this.file };
    throw new Error("no file of cases is chosen; pick one, or take other cases");
  }
}
