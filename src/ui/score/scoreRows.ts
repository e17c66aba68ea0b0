import type { Measures } from "../../../workers/protocol/protocol.ts";

/** A line of the score table: a success, its magnitude, and what they mean. */
export interface ScoreRow {
  name: string;
  success: "ES" | "PS" | "NS";
  magnitude: "EM" | "PM" | "NM";
  means: string;
}

const rows: ScoreRow[] = [
  {
    name: "Efficacy",
    success: "ES",
    magnitude: "EM",
    means: "ES: share of the rewrite prompt with p(new) > p(true). EM: mean p(new) − p(true).",
  },
  {
    name: "Paraphrase",
    success: "PS",
    magnitude: "PM",
    means: "PS, PM: the same on paraphrases of the prompt.",
  },
  {
    name: "Neighbourhood",
    success: "NS",
    magnitude: "NM",
    means:
      "NS: share of prompts about other subjects with p(true) > p(new). NM: mean p(true) − p(new).",
  },
];

/** The lines that one of these has a value for: without paraphrases there is no line of them. */
export function scoreRows(measured: readonly Measures[]): ScoreRow[] {
  return rows.filter(({ success }) => !measured.every((one) => Number.isNaN(one[success])));
}
