import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  AskEvent,
  AskOrder,
  AskSettings,
  AskView,
  ContinuedText,
  ContinuedToken,
  HeldEdit,
  ModelView,
} from "../../../workers/protocol/protocol.ts";
import { askFields, askPreset } from "../../data/ask/askFields.ts";
import { differing } from "../../data/ask/differing.ts";
import { runDifferences } from "../../data/run/runDifferences.ts";
import { settingsText } from "../../data/settings/fieldText.ts";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import type { JobHost } from "../jobs/DeskHost.ts";

/** An edit that is on, and what its ΔW is multiplied by. */
type AskedEdit = Pick<HeldEdit, "id" | "digest"> & { strength?: number };

/** A text that the model was asked to continue, and what came so far. */
export interface Asked {
  order: AskOrder;
  model: ModelView["identity"];
  /** The edits that were on, none of them changed since. */
  edits: AskedEdit[];
  before: ContinuedToken[];
  after: ContinuedToken[];
  /** How each side ended; absent while it has not, or where it was stopped. */
  ends: { [side in AskEvent["side"]]?: ContinuedText["end"] | undefined };
}

/** What the session lends. */
export interface AskHost extends JobHost {
  lab(): RemoteLab["asking"];
  model(): ModelView | null;
  /** The edits that are on. */
  edits(): AskedEdit[];
  draft: Pick<Draft, "prompt">;
  /** A text was continued to its end. */
  ended?(view: AskView): void;
}

/** What greedy text becomes where the reader chooses to sample. */
const sampling = { ...askPreset, topK: 40 };
/** The fields that sampling adds. */
const drawn = new Set(["topK", "temperature", "seed"]);

/** Any text, continued by the model with the edits that are on and beside them without. */
export class AskDesk {
  /** What was typed; null where it is the fact's prompt that is continued. */
  own = $state<string | null>(null);
  sampled = $state(false);
  /** What differs from the preset, by the fields' names. */
  typed = $state.raw<Partial<Record<string, string>>>({});
  asked = $state.raw<Asked | null>(null);

  /** The text that would be continued. */
  text = $derived.by(() => this.own ?? this.#host.draft.prompt);
  /** The fields that count. */
  fields = $derived(askFields.filter(({ name }) => this.sampled || !drawn.has(name)));
  presets = $derived(settingsText(askFields, this.sampled ? sampling : askPreset));
  /** Which tokens have no counterpart on the other side, where there are two. */
  marks = $derived.by(() => {
    if (!this.asked?.edits.length) return null;
    const { before, after } = this.asked;
    const ids = (tokens: readonly ContinuedToken[]) => tokens.map(({ id }) => id);
    return differing(ids(before), ids(after));
  });
  /** In what the answer differs from what would be asked now: "the text", "the edits". */
  stale = $derived.by(() => this.#differences());
  readonly #host: AskHost;

  constructor(host: AskHost) {
    this.#host = host;
  }

  /** Takes what is typed; the fact's own prompt is followed again. */
  type(text: string) {
    this.own = text === this.#host.draft.prompt ? null : text;
  }

  /** Asks the model; what was asked before is stopped. */
  async ask() {
    const model = this.#host.model();
    if (!model) return;
    const view = await this.#host.run("continuing the text", (id) => {
      const order = { prompt: this.text, settings: this.#settings() };
      const edits = this.#host.edits();
      this.asked = { order, model: model.identity, edits, before: [], after: [], ends: {} };
      const report = this.#host.callback((event: AskEvent) => {
        const { job } = this.#host;
        // The last tokens may come after the end, which has them already.
        if (job.id === id && job.running) this.#take(event);
      });
      return this.#host.lab().ask(id, order, report);
    });
    if (!view) return;
    this.#finish(view);
    this.#host.ended?.(view);
  }

  /** A run that was kept, shown again. */
  show({ context, before, after }: AskView) {
    const { model, edits, seed } = context;
    const settings = { ...askPreset, ...context.settings, seed };
    const order = { prompt: before.prompt, settings };
    this.asked = { order, model, edits, before: [], after: [], ends: {} };
    this.#finish({ context, before, after });
  }

  #take({ side, token }: AskEvent) {
    if (!this.asked) return;
    const asked = { ...this.asked, [side]: [...this.asked[side], token] };
    this.asked = asked;
    const sides = asked.edits.length ? 2 : 1;
    const done = asked.before.length + asked.after.length;
    this.#host.job.progress(done, sides * asked.order.settings.tokens);
  }

  /** Each side as the worker has it at the end. */
  #finish({ before, after }: AskView) {
    if (!this.asked) return;
    const ends = { before: before.end, after: after?.end };
    this.asked = { ...this.asked, before: before.tokens, after: after?.tokens ?? [], ends };
  }

  /** @throws one sentence that names the field */
  #settings(): AskSettings {
    const typed = this.sampled ? this.typed : { tokens: this.typed.tokens };
    return changedSettings(askFields, typed, this.sampled ? sampling : askPreset);
  }

  #differences(): string[] {
    const { asked } = this;
    const model = this.#host.model();
    if (!asked || !model) return [];
    let settings: AskSettings | undefined;
    try {
      settings = this.#settings();
    } catch {
      // What is typed is no number, which Continue says.
    }
    const known = (edits: AskedEdit[]) =>
      edits.map(({ id, digest, strength = 1 }) => ({ id, title: "", digest, strength }));
    const said = (of: AskSettings | undefined) => of && { settings: worded(of) };
    const words = runDifferences(
      { model: asked.model, edits: known(asked.edits), ...said(asked.order.settings) },
      { model: model.identity, edits: known(this.#host.edits()), ...said(settings) },
    );
    return asked.order.prompt === this.text ? words : ["the text", ...words];
  }
}

/** Settings by the words that a reader is told; what greedy text does not use is left out. */
const worded = ({ tokens, topK, temperature, seed }: AskSettings): Record<string, unknown> => ({
  "number of tokens": tokens,
  "top k": topK,
  temperature: topK > 1 ? temperature : 1,
  seed: topK > 1 ? seed : 0,
});
