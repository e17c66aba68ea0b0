/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  MassEvent,
  MassOrder,
  MassView,
  TableFact,
  TableScore,
  TargetAnswer,
} from "../../../workers/protocol/protocol.ts";

import type { FakeEdits } from "./FakeEdits.ts";

type RemoteMass = RemoteLab["mass"];

/** What the fake Lab lends. */
interface FakeHost {
  edits: FakeEdits;
  cancelled(id: number): boolean;
}

/** Layers that the fake has statistics of. */
const LAYERS = 4;
const answer = (probability: number): TargetAnswer => ({ probability, greedy: probability > 0.5 });

/** Many facts, by arithmetic: each is found in four steps, and what is found stays in an array. */
export class FakeMass implements RemoteMass {
  /** Milliseconds between two reports. */
  delay = 0;
  orders: MassOrder[] = [];
  #host: FakeHost;
  #found = new Set<string>();
  #enough = new Set<number>();

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async write(id: number, order: MassOrder, report: (events: MassEvent[]) => void) {
    this.orders.push(order);
    const before = order.facts.map(() => answer(0.02));
    report([{ type: "before", answers: before }]);
    const written =
      order.method === "memit"
        ? await this.#search(id, order, report)
        : await this.#sequence(id, order, report);
    if (!written.length) throw new Error("no fact was written: the run ended before any was found");
    return this.#view(order, written, before);
  }

  async keepFound(id: number) {
    this.#enough.add(id);
  }

  async missing(layers: number[]) {
    return layers.filter((layer) => layer >= LAYERS);
  }

  async score(id: number, facts: TableFact[], report: (done: number, total: number) => void) {
    const edited = this.#host.edits.active.length > 0;
    for (let i = 0; i < facts.length; i += 10) {
      await this.#pause(id);
      report(i, facts.length);
    }
    return {
      before: tableScore(facts, 0.02),
      ...(edited && { after: tableScore(facts, 0.94) }),
    };
  }

  async kept() {
    return { vectors: this.#found.size, bytes: this.#found.size * 1024 };
  }

  async forget() {
    this.#found.clear();
  }

  async #search(id: number, order: MassOrder, report: (events: MassEvent[]) => void) {
    const found: number[] = [];
    for (const [fact, { subject }] of order.facts.entries()) {
      if (this.#enough.has(id)) break;
      if (!this.#found.has(subject)) {
        for (let step = 0; step < 4; step++) {
          await this.#pause(id);
          report([{ type: "step", fact, step: valueStep(step) }]);
        }
        report([{ type: "found", fact, cached: false, step: valueStep(4) }]);
      } else report([{ type: "found", fact, cached: true }]);
      this.#found.add(subject);
      found.push(fact);
    }
    const { layers } = order.hyperparameters as { layers: number[] };
    for (const layer of layers) {
      await this.#pause(id);
      report([{ type: "layer", layer, residual: 9 - layer }]);
    }
    return found;
  }

  async #sequence(id: number, { facts }: MassOrder, report: (events: MassEvent[]) => void) {
    report([{ type: "perplexity", perplexity: 12 }]);
    const written: number[] = [];
    for (let fact = 0; fact < facts.length && !this.#enough.has(id); fact++) {
      await this.#pause(id);
      const step = { fact, probability: 0.9, relativeNorm: 0.04 + 0.004 * fact };
      report([{ type: "edited", step: { ...step, perplexity: 12 * 1.3 ** fact } }]);
      written.push(fact);
    }
    return written;
  }

  #view(order: MassOrder, written: number[], before: TargetAnswer[]): MassView {
    const layers = order.method === "memit" ? order.hyperparameters.layers : [0];
    const facts = written.map((i) => order.facts[i]);
    const method = order.method === "memit" ? "MEMIT" : "ROME in sequence";
    const residual = order.method === "memit" ? { residual: 8.5 } : {};
    const statistics = "shipped with the model";
    return {
      edit: this.#host.edits.hold({ method, facts, layers }),
      relativeNorm: 0.1,
      written,
      before,
      atHand: [],
      layers: layers.map((layer) => ({ layer, relativeNorm: 0.1, statistics, ...residual })),
      after: order.facts.map((_, i) => answer(written.includes(i) ? 0.97 : 0.02)),
    };
  }

  async #pause(id: number) {
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.#host.cancelled(id)) throw new DOMException("cancelled", "AbortError");
  }
}

const valueStep = (step: number) => ({
  step,
  loss: 4 - step,
  nll: 4 - step,
  kl: 0,
  decay: 0,
  norm: step,
  probability: Math.exp(step - 4),
});

function tableScore(facts: TableFact[], probability: number): TableScore {
  const answers = facts.map(() => answer(probability));
  const cases = facts.filter((fact) => fact.case).length;
  if (!cases) return { answers };
  const of = (mean: number) => ({ mean, std: 0, cases });
  const [high, low] = probability > 0.5 ? [0.98, 0.9] : [0.03, -0.8];
  const measures = {
    ES: of(high),
    EM: of(low),
    PS: of(high),
    PM: of(low),
    NS: of(0.91),
    NM: of(0.6),
    rewriteAccuracy: of(high),
    paraphraseAccuracy: of(high),
    neighbourAccuracy: of(0.9),
    GE: { mean: NaN, std: NaN, cases: 0 },
  };
  return { answers, summary: { cases, measures, score: high } };
}
