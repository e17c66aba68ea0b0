import type { AskSettings } from "../ask/askFields.ts";
import type { Case } from "../facts/facts.ts";
import type { TraceKind, TraceRequest } from "../trace/TraceRequest.ts";
import type { RunContext, RunFact } from "./RunContext.ts";

/** What a run says of itself, beside the model and the edits that it is of. */
export type RunAbout = Pick<RunContext, "kind" | "fact" | "settings" | "seed" | "sigma">;

/** A trace's request with all of its kinds, and its prompt with `{}` for the subject. */
type Traced = Omit<TraceRequest, "kind"> & { kinds: readonly TraceKind[] };

/** Of what traces are. */
export function aboutTrace({
  prompt,
  subject,
  occurrence: _,
  target,
  seed,
  ...settings
}: Traced): RunAbout {
  const fact: RunFact = { prompt, subject };
  if (target !== undefined) fact.answer = target;
  return { kind: "trace", fact, settings, seed };
}

/** A fact that is written. */
interface Written {
  prompt: string;
  subject: string;
  target: string;
  truth?: string | undefined;
}

/** Of what an edit is; many facts stand in the edit itself. */
export function aboutEdit(order: {
  editor: string;
  facts: readonly Written[];
  settings: object;
  seed: number;
  contexts?: unknown;
}): RunAbout {
  const { editor, facts, settings, seed, contexts } = order;
  const own = contexts ? { ownContexts: contexts } : {};
  const about = { kind: "edit", settings: { editor, ...settings, ...own }, seed } as const;
  if (facts.length !== 1) return { ...about, settings: { ...about.settings, facts: facts.length } };
  const [{ prompt, subject, target, truth }] = facts;
  return { ...about, fact: { prompt, subject, target, truth } };
}

/** Of what a case's scores are. */
export function aboutCase(scored: Case, truthOf: "fact" | "model", seed: number): RunAbout {
  const { prompt, subject, targetNew, targetTrue, paraphrases, neighbours } = scored;
  const fact = { prompt, subject, target: targetNew, truth: targetTrue, truthOf };
  const settings = { generated: scored.generationPrompts.length };
  return { kind: "score", fact: { ...fact, paraphrases, neighbours }, settings, seed };
}

/** Of what a table's scores are: what it is called, and by what the browser keeps it. */
export const aboutTable = (
  of: { table: string; name: string },
  facts: number,
  seed: number,
): RunAbout => ({
  kind: "table",
  settings: { ...of, facts },
  seed,
});

/** Of what a continued text is. */
export const aboutText = ({ seed, ...settings }: AskSettings): RunAbout => ({
  kind: "text",
  settings,
  seed,
});
