import type { Case } from "../facts/facts.ts";

/** A fact to write, and, where its form has them, the prompts that score it. */
export interface TableFact {
  /** With one `{}` for the subject, or with the subject in it. */
  prompt: string;
  subject: string;
  target: string;
  case?: Case;
}
