/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import { editorOf } from "../../../src/methods/edit/editors.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  EditOrder,
  EditReport,
  FinishedEdit,
  SearchStep,
} from "../../../workers/protocol/protocol.ts";
import { answer, type FakeHost } from "./FakeHost.ts";

type RemoteEditing = RemoteLab["editing"];
type Report = (reports: EditReport[]) => void;

/** Layers that the fake has statistics of. */
const LAYERS = 4;
const shipped = (layer: number) => ({ layer, source: "shipped with the model", count: 250_000 });

/** Any editor, by arithmetic: each fact is found in some steps, and what is found stays in a set. */
export class FakeEditing implements RemoteEditing {
  orders: EditOrder[] = [];
  #host: FakeHost;
  #found = new Set<string>();
  #enough = new Set<number>();

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async edit(id: number, order: EditOrder, report: Report): Promise<FinishedEdit> {
    this.#host.enter("edit");
    this.orders.push(order);
    const { facts } = order;
    report([{ type: "stage", stage: "sampling contexts" }]);
    await this.#host.pause(id);
    if (order.answers) report([{ type: "before", answers: facts.map(() => answer(0.02)) }]);
    const editor = editorOf(order.editor);
    const layers = editor.statistics(order.settings);
    const written =
      facts.length === 1
        ? await this.#one(id, order, report)
        : editor.facts === "one"
          ? await this.#sequence(id, order, report)
          : await this.#search(id, { order, layers }, report);
    if (!written.length) throw new Error("no fact was written: the run ended before any was found");
    return this.#finished(order, written, layers);
  }

  async keepFound(id: number) {
    this.#enough.add(id);
  }

  async missing(editor: string, settings: object) {
    const layers = editorOf(editor).statistics(settings);
    const missing = layers.filter((layer) => layer >= LAYERS);
    return {
      layers: missing,
      instead: missing.length ? "choose layers that have some" : undefined,
    };
  }

  async keptValues() {
    return { vectors: this.#found.size, bytes: this.#found.size * 1024 };
  }

  async forgetValues() {
    this.#found.clear();
  }

  /** The whole course of one search. */
  async #one(id: number, { settings }: EditOrder, report: Report) {
    const { steps } = settings as { steps: number };
    for (let step = 0; step < steps; step++) {
      await this.#host.pause(id);
      report([{ type: "step", fact: 0, step: searchStep(step) }]);
    }
    return [0];
  }

  async #search(
    id: number,
    { order, layers }: { order: EditOrder; layers: number[] },
    report: Report,
  ) {
    const found: number[] = [];
    for (const [fact, { subject }] of order.facts.entries()) {
      if (this.#enough.has(id)) break;
      if (!this.#found.has(subject)) {
        for (let step = 0; step < 4; step++) {
          await this.#host.pause(id);
          report([{ type: "step", fact, step: searchStep(step) }]);
        }
        report([{ type: "found", fact, cached: false, step: searchStep(4) }]);
      } else report([{ type: "found", fact, cached: true }]);
      this.#found.add(subject);
      found.push(fact);
    }
    for (const layer of layers) {
      await this.#host.pause(id);
      report([{ type: "layer", layer, residual: 9 - layer }]);
    }
    return found;
  }

  async #sequence(id: number, { facts }: EditOrder, report: Report) {
    report([{ type: "perplexity", perplexity: 12 }]);
    const written: number[] = [];
    for (let fact = 0; fact < facts.length && !this.#enough.has(id); fact++) {
      await this.#host.pause(id);
      const perplexity = 12 * 1.3 ** fact;
      const relativeNorm = 0.04 + 0.004 * fact;
      report([{ type: "edited", fact, probability: 0.9, relativeNorm, perplexity }]);
      written.push(fact);
    }
    return written;
  }

  #finished(order: EditOrder, written: number[], layers: number[]): FinishedEdit {
    const { editor: name, facts, settings } = order;
    const editor = editorOf(name);
    const { keyRatio } = this.#host;
    const warning = `the bare key is far from the mean key (ratio ${keyRatio}, below 0.5)`;
    const { steps } = settings as { steps: number };
    const [fact] = facts;
    const about = { fact, settings: { editor: name, ...settings }, seed: order.seed };
    return {
      context: this.#host.context({ kind: "edit", ...about }),
      edit: this.#host.edits.hold({
        method:
          facts.length > 1 && editor.facts === "one" ? `${editor.title} in sequence` : editor.title,
        facts: written.map((i) => facts[i]),
        layers,
      }),
      written,
      steps: facts.length === 1 ? Array.from({ length: steps }, (_, step) => searchStep(step)) : [],
      contexts: 2,
      statistics: layers.map(shipped),
      measures: [
        {
          name: "keyRatio",
          label: "k₀·u / k̄·u",
          value: keyRatio,
          warning: keyRatio < 0.5 ? warning : undefined,
        },
      ],
      answers: !order.answers
        ? undefined
        : {
            before: facts.map(() => answer(0.02)),
            after: facts.map((_, i) => answer(written.includes(i) ? 0.97 : 0.02)),
          },
      atHand: layers.map(shipped),
    };
  }
}

/** A loss that falls, and its terms. */
function searchStep(step: number): SearchStep {
  const nll = 6.5 * Math.exp(-step / 3.5);
  const kl = 0.12 * (1 - Math.exp(-step / 4));
  const decay = 0.09 * (1 - Math.exp(-step / 3));
  const loss = nll + kl + decay;
  return { step, nll, kl, decay, loss, probability: Math.exp(-nll), norm: 1 + step / 4 };
}
