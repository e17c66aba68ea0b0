import type { AskSettings } from "../../src/data/ask/askFields.ts";
import type { RunContext } from "../../src/data/run/RunContext.ts";
import type { ContinuedText, ContinuedToken } from "../../src/data/ask/ContinuedText.ts";

/** What the page asks of a continuation. */
export interface AskOrder {
  prompt: string;
  settings: AskSettings;
}

/** A token of a continuation as it comes: of the model as loaded, or with the edits that are on. */
export interface AskEvent {
  side: "before" | "after";
  token: ContinuedToken;
}

/** How the model goes on, with no edit and with the edits that were on when it was asked. */
export interface AskView {
  context: RunContext;
  before: ContinuedText;
  /** Absent where no edit was on. */
  after?: ContinuedText | undefined;
}

export type { AskSettings, ContinuedText, ContinuedToken };
