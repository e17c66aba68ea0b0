import { fillTemplate } from "../../../src/data/facts/template.ts";
import type { Case, CaseScore, PromptScore } from "../../../workers/protocol/protocol.ts";

/** Scores of a case out of nothing: low without edits, high with them. */
export function caseScore(scored: Case, edited: boolean): CaseScore {
  const [low, high] = edited ? [0.12, 3.9] : [5.2, 0.3];
  const prompt = (text: string, i: number, about: "fact" | "neighbour"): PromptScore => {
    const flipped = edited && about === "fact";
    const nllNew = flipped ? low + 0.2 * i : 5.2 - (edited ? 0.6 : 0) - 0.1 * i;
    const nllTrue = flipped ? high - 0.1 * i : 0.3 + 0.1 * i;
    const [winner, loser] = about === "fact" ? [nllNew, nllTrue] : [nllTrue, nllNew];
    return {
      prompt: text,
      nllNew,
      nllTrue,
      success: winner < loser ? 1 : 0,
      magnitude: Math.exp(-winner) - Math.exp(-loser),
      tokenAccuracy: winner < 0.7 ? 1 : 0,
    };
  };
  const rewrite = [prompt(fillTemplate(scored.prompt, scored.subject), 0, "fact")];
  const paraphrase = scored.paraphrases.map((text, i) => prompt(text, i + 1, "fact"));
  const neighbourhood = scored.neighbours.map((text, i) => prompt(text, i, "neighbour"));
  const mean = (list: PromptScore[], field: "success" | "magnitude" | "tokenAccuracy") =>
    list.reduce((sum, one) => sum + one[field], 0) / list.length;
  const measures = {
    ES: mean(rewrite, "success"),
    EM: mean(rewrite, "magnitude"),
    PS: mean(paraphrase, "success"),
    PM: mean(paraphrase, "magnitude"),
    NS: mean(neighbourhood, "success"),
    NM: mean(neighbourhood, "magnitude"),
    rewriteAccuracy: mean(rewrite, "tokenAccuracy"),
    paraphraseAccuracy: mean(paraphrase, "tokenAccuracy"),
    neighbourAccuracy: mean(neighbourhood, "tokenAccuracy"),
    LP: NaN,
    GE: edited ? 5.91 : 6.02,
  };
  const score = 3 / (1 / measures.ES + 1 / measures.PS + 1 / measures.NS);
  return {
    id: scored.id,
    rewrite,
    paraphrase,
    neighbourhood,
    others: [],
    measures,
    score,
    texts: [],
  };
}
