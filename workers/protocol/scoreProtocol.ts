import type { TableFact } from "../../src/data/facts/factTable.ts";
import type { Case } from "../../src/data/facts/facts.ts";
import type { RunContext } from "../../src/data/run/RunContext.ts";
import type { CaseScore, Measures, PromptScore } from "../../src/methods/score/score.ts";
import type { ScoredPart, TableScore } from "../../src/methods/score/scoreFacts.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";

/** One candidate for the next token. */
export interface NextToken {
  id: number;
  token: string;
  probability: number;
}

/** The next-token distribution's head, with no edit and with the edits that are switched on. */
export interface PredictionView {
  prompt: string;
  before: NextToken[];
  /** Absent while no edit is switched on. */
  after?: NextToken[] | undefined;
}

/** A case to be scored. */
export interface CompareOrder {
  scored: Case;
  /** Whether its true answer was typed or comes with the fact, or is what the model says by itself. */
  truthOf: "fact" | "model";
}

/** Scores and greedy text of one case, with no edit and with the edits that are switched on. */
export interface ComparisonView {
  context: RunContext;
  case: Case;
  /** How many tokens the new and the true answer have: of several, p is the geometric mean per token. */
  tokens: { new: number; true: number };
  before: CaseScore;
  after?: CaseScore | undefined;
  text: { prompt: string; before: string; after?: string | undefined }[];
}

/** Says how far a table's scores are, and those of some facts, the first of which is the table's `at`. */
export type TellScores = (
  done: number,
  total: number,
  part?: { at: number; before: ScoredPart; after?: ScoredPart | undefined },
) => void;

/** A table's scores with no edit and with the edits that are switched on. */
export interface TableScoreView {
  context: RunContext;
  before: TableScore;
  after?: TableScore | undefined;
}

export type {
  Case,
  CaseScore,
  Measures,
  PromptScore,
  ScoredPart,
  TableFact,
  TableScore,
  TargetAnswer,
};
