import { fillTemplate } from "../../../src/data/facts/template.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  CompareOrder,
  ComparisonView,
  TableFact,
  TableScore,
  TellScores,
} from "../../../workers/protocol/protocol.ts";
import { caseScore } from "./caseScore.ts";
import { answer, type FakeHost } from "./FakeHost.ts";

type RemoteScoring = RemoteLab["scoring"];

/** Scores by arithmetic: low without edits, high with them. */
export class FakeScoring implements RemoteScoring {
  #host: FakeHost;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async compare(
    id: number,
    { scored, truthOf }: CompareOrder,
    report: (done: number, total: number, stage: string) => void,
  ): Promise<ComparisonView> {
    this.#host.enter("compare");
    await this.#host.pause(id);
    report(1, 2, "scoring without edits");
    await this.#host.pause(id);
    const edited = this.#host.edits.active.length > 0;
    const tower = " Seattle, and the tower is known for its observation deck.";
    const landmark = " Paris, and it is one of the best known landmarks of the capital of France.";
    const { prompt, subject, targetNew, targetTrue, paraphrases, neighbours } = scored;
    const fact = { prompt, subject, target: targetNew, truth: targetTrue, truthOf };
    const about = { fact: { ...fact, paraphrases, neighbours }, settings: {}, seed: 1 };
    return {
      context: this.#host.context({ kind: "score", ...about }),
      case: scored,
      tokens: { new: targetNew.split(" ").length, true: targetTrue.split(" ").length },
      before: caseScore(scored, false),
      after: edited ? caseScore(scored, true) : undefined,
      text: [
        fillTemplate(scored.prompt, scored.subject),
        ...scored.paraphrases.slice(0, 1),
        ...scored.neighbours.slice(0, 1),
      ].map((prompt, i) => ({
        prompt,
        before: tower,
        after: edited ? (i < 2 ? landmark : tower) : undefined,
      })),
    };
  }

  async table(id: number, facts: TableFact[], report: TellScores) {
    const edited = this.#host.edits.active.length > 0;
    const before = tableScore(facts, 0.02);
    const after = edited ? tableScore(facts, 0.94) : undefined;
    for (let at = 0; at < facts.length; at += 10) {
      await this.#host.pause(id);
      const part = (score: TableScore) => ({
        answers: score.answers.slice(at, at + 10),
        measures: score.measures.slice(at, at + 10),
      });
      report(at, facts.length, { at, before: part(before), after: after && part(after) });
    }
    const context = this.#host.context({ kind: "table", settings: {}, seed: 1 });
    return { context, before, after };
  }
}

function tableScore(facts: TableFact[], probability: number): TableScore {
  const answers = facts.map(() => answer(probability));
  const cases = facts.filter((fact) => fact.case).length;
  const byFact = facts.map(() => undefined);
  if (!cases) return { answers, measures: byFact };
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
    LP: { mean: NaN, std: NaN, cases: 0 },
    GE: { mean: NaN, std: NaN, cases: 0 },
  };
  return { answers, measures: byFact, summary: { cases, measures, score: high } };
}
