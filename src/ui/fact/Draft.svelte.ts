import { fillTemplate } from "../../data/facts/template.ts";
import { together } from "../../data/together.ts";
import { rowTemplate } from "../../data/tables/rowFact.ts";
import type { TableRow } from "../../data/tables/TableRow.ts";
import type { EditorView, Fact } from "../../../workers/protocol/protocol.ts";
import { offered, typedOf, type Typed } from "../edit/editorSettings.ts";
import type { Kind } from "../trace/heatmap.ts";
import { occurrences, reviseRange, trimRange, type Range } from "./markedRange.ts";
import type { PartialView, View } from "../viewHash.ts";

/** What belongs to one prompt and subject. */
const materials = ["truth", "paraphrases", "neighbours"] as const;
export type Material = (typeof materials)[number];

/** Words that were typed, and the prompt that they were typed for. */
interface Words {
  text: string;
  of: string;
}

const untouched = { truth: null, paraphrases: null, neighbours: null };

/** Everything the reader typed or chose, kept as typed: nothing here is lost by an error. */
export class Draft {
  model = $state("demo");
  /** The example that was filled in last, whatever became of it since. */
  #example = $state.raw<Fact | null>(null);
  prompt = $state("");
  subject = $state("");
  /** Where the subject stands in the prompt; null where it does not. */
  range = $state.raw<Range | null>(null);
  /** The answer a trace follows; the model's own where empty. */
  answer = $state("");
  target = $state("");
  /** What was typed over what comes with the example, and of which prompt; null where nothing was. */
  #typed = $state.raw<Record<Material, Words | null>>(untouched);
  kinds = $state<Record<Kind, boolean>>({ state: true, mlp: true, attn: true });
  replace = $state(false);
  /** Fields that differ from the model's own defaults. */
  traceText = $state.raw<Typed>({});
  /** The same of every editor, by its name. */
  editorText = $state.raw<Partial<Record<string, Typed>>>({});
  /** The editors that were chosen for one fact and for many; empty for the first that is offered. */
  #chosen = $state({ one: "", many: "" });
  contextText = $state("");

  places = $derived(occurrences(this.prompt, this.subject));
  /** The prompt with `{}` for the subject, or null while no subject is marked. */
  template = $derived.by(() => {
    if (!this.range || this.range.begin === this.range.end) return null;
    return `${this.prompt.slice(0, this.range.begin)}{}${this.prompt.slice(this.range.end)}`;
  });
  /** The example, as long as the prompt and the subject are its own. */
  fact = $derived.by(() => {
    const example = this.#example;
    if (!example || !this.range) return null;
    return this.template === example.prompt && this.subject === example.subject ? example : null;
  });
  /** Words that were typed for another prompt than the one that is there now, by what they are. */
  strange = $derived.by(() =>
    materials.filter((what) => {
      const typed = this.#typed[what];
      return typed?.text.trim() && typed.of !== `${this.template} ${this.subject}`;
    }),
  );
  /** The same as a sentence. */
  strangeNote = $derived.by(() => {
    if (!this.strange.length) return null;
    const words = this.strange.map((what) => (what === "truth" ? "true answer" : what));
    const one = this.strange.length === 1 && this.strange[0] === "truth";
    return `The ${together(words)} ${one ? "was" : "were"} typed for another prompt or subject.`;
  });
  /** Which of the subject's occurrences is marked, counted from 0. */
  occurrence = $derived(
    Math.max(
      0,
      this.places.findIndex((place) => place.begin === this.range?.begin),
    ),
  );

  /** The subject's trouble with the prompt, as a sentence. */
  subjectProblem = $derived.by(() => {
    const { prompt, subject, places } = this;
    if (!prompt.trim()) return "the prompt is empty; type a sentence that stops before its answer";
    if (!subject) return "no subject yet; select the words in the prompt that name it";
    if (!places.length)
      return `subject “${subject}” is not in the prompt; use the words exactly as typed, or select them there`;
    return null;
  });

  /** @throws the trouble, where there is one */
  demandSubject() {
    if (this.subjectProblem) throw new Error(this.subjectProblem);
  }

  subjectNote = $derived(
    this.places.length > 1
      ? `“${this.subject}” is there ${this.places.length} times; number ${this.occurrence + 1} is marked`
      : null,
  );

  /** The true answer, as typed or as it comes with the example; none for an own sentence. */
  get truth(): string {
    return this.#material("truth");
  }
  set truth(text: string) {
    this.#type("truth", text);
  }

  /** Prompts that ask for the same, one per line; none for an own sentence where none were typed. */
  get paraphrases(): string {
    return this.#material("paraphrases");
  }
  set paraphrases(text: string) {
    this.#type("paraphrases", text);
  }

  /** Prompts about other subjects with the same true answer, one per line. */
  get neighbours(): string {
    return this.#material("neighbours");
  }
  set neighbours(text: string) {
    this.#type("neighbours", text);
  }

  /** Clears what was typed for another prompt. */
  clearStrange() {
    const cleared = Object.fromEntries(this.strange.map((what) => [what, null]));
    this.#typed = { ...this.#typed, ...cleared };
  }

  /** What comes with the example belongs to its prompt and subject, and to no other. */
  #material(what: Material): string {
    const typed = this.#typed[what];
    return typed ? typed.text : this.#given(what);
  }

  #given(what: Material): string {
    const { fact } = this;
    if (!fact) return "";
    if (what === "truth") return fact.target;
    if (what === "neighbours") return fact.neighbours.join("\n");
    return fact.paraphrases.map((p) => fillTemplate(p, fact.subject)).join("\n");
  }

  #type(what: Material, text: string) {
    const of = `${this.template} ${this.subject}`;
    const typed = text === this.#given(what) ? null : { text, of };
    this.#typed = { ...this.#typed, [what]: typed };
  }

  /** The reader typed in the prompt: the mark follows the words it stands on. */
  type(text: string) {
    const revised = this.range && reviseRange(this.prompt, text, this.range);
    this.prompt = text;
    if (!revised) return this.nameSubject(this.subject);
    this.range = revised;
    this.subject = text.slice(revised.begin, revised.end);
  }

  /** The reader selected words of the prompt as the subject. */
  mark(selection: Range) {
    const range = trimRange(this.prompt, selection);
    if (range.begin === range.end) return;
    this.range = range;
    this.subject = this.prompt.slice(range.begin, range.end);
  }

  /** The reader typed the subject: its first occurrence is marked. */
  nameSubject(subject: string, occurrence = 0) {
    this.subject = subject;
    const places = occurrences(this.prompt, subject);
    this.range = places[occurrence] ?? places[0] ?? null;
  }

  /** Marks the next occurrence of a subject that is there more than once. */
  nextOccurrence() {
    this.range = this.places[(this.occurrence + 1) % this.places.length] ?? null;
  }

  /** Fills everything in from one of the facts that come with the page. */
  take(fact: Fact) {
    this.#example = fact;
    this.#typed = untouched;
    this.prompt = fillTemplate(fact.prompt, fact.subject);
    this.nameSubject(fact.subject);
    const begin = fact.prompt.indexOf("{}");
    this.range = { begin, end: begin + fact.subject.length };
    this.answer = "";
    this.target = fact.newTargets[0] ?? "";
  }

  /** Fills everything in from a row of a table. */
  takeRow(row: TableRow) {
    this.#example = null;
    this.#typed = untouched;
    const template = rowTemplate(row);
    const subject = row.subject.trim();
    this.prompt = fillTemplate(template, subject);
    this.nameSubject(subject);
    const begin = template.indexOf("{}");
    if (begin >= 0) this.range = { begin, end: begin + subject.length };
    this.answer = "";
    this.truth = row.truth;
    this.target = row.target;
    this.paraphrases = (row.paraphrases ?? []).join("\n");
    this.neighbours = (row.neighbours ?? []).join("\n");
  }

  /** The editor that one fact is rewritten with, or many are written with. */
  editor(editors: EditorView[], many: boolean): EditorView {
    const chosen = this.#chosen[many ? "many" : "one"];
    return editors.find(({ name }) => name === chosen) ?? offered(editors, many)[0];
  }

  /** Writes one fact, or many, with another editor. */
  choose({ name }: EditorView, many: boolean) {
    this.#chosen[many ? "many" : "one"] = name;
  }

  /** What is typed of an editor's fields. */
  typed(editor: EditorView): Typed {
    return typedOf(editor, this.editorText[editor.name]);
  }

  setTyped(editor: EditorView, typed: Typed) {
    this.editorText = { ...this.editorText, [editor.name]: typed };
  }

  /** What a link to this draft carries. */
  view(): PartialView {
    const { model, prompt, subject, answer, target, fact } = this;
    const typed = (what: Material) => this.#typed[what]?.text;
    const kinds = (Object.keys(this.kinds) as Kind[]).filter((kind) => this.kinds[kind]);
    return {
      model,
      prompt,
      subject,
      answer,
      target,
      truth: typed("truth"),
      fact: fact ? String(fact.id) : undefined,
      at: this.occurrence ? String(this.occurrence) : "",
      paraphrases: typed("paraphrases"),
      neighbours: typed("neighbours"),
      contexts: this.contextText || undefined,
      kinds: kinds.length === 3 ? "" : kinds.join(",") || "none",
      replace: this.replace ? "1" : "",
      method: this.#chosen.one,
      trace: this.traceText,
      settings: this.editorText,
    };
  }

  /** Takes what a link carries; the rest stays. */
  restore(view: Partial<View>, facts: Fact[]) {
    const fact = facts.find(({ id }) => String(id) === view.fact);
    if (fact) this.take(fact);
    // Another sentence than the one that is there now: nothing of that one stays beside it.
    else if (view.prompt !== undefined) {
      this.#typed = untouched;
      this.answer = "";
    }
    if (view.model !== undefined) this.model = view.model;
    if (view.prompt !== undefined) this.prompt = view.prompt;
    if (view.subject !== undefined) this.nameSubject(view.subject, Number(view.at ?? 0));
    for (const key of ["answer", "target", ...materials] as const)
      if (view[key] !== undefined) this[key] = view[key];
    this.contextText = view.contexts ?? "";
    if (view.kinds) {
      const kinds = view.kinds.split(",");
      for (const kind of ["state", "mlp", "attn"] as const) this.kinds[kind] = kinds.includes(kind);
    }
    this.replace = view.replace === "1";
    this.traceText = { ...view.trace };
    this.#chosen.one = view.method ?? "";
    this.editorText = { ...view.settings };
  }

  /** What a link to the writing of many facts carries. */
  viewOfMany(): Partial<View> {
    return { model: this.model, method: this.#chosen.many, settings: this.editorText };
  }

  /** Takes what such a link carries. */
  restoreMany(view: Partial<View>) {
    if (view.model !== undefined) this.model = view.model;
    this.#chosen.many = view.method ?? "";
    this.editorText = { ...view.settings };
  }
}
