import type { Delta } from "../src/data/delta/delta.ts";
import type { TableFact } from "../src/data/facts/factTable.ts";
import type { Case } from "../src/data/facts/facts.ts";
import { fillTemplate } from "../src/data/facts/template.ts";
import type { Model } from "../src/engine/Model.ts";
import { continueText } from "../src/methods/prompt/continueText.ts";
import { type CaseScore, scoreCase, summarise } from "../src/methods/score/score.ts";
import { type TargetAnswer, targetAnswers } from "../src/methods/score/targetAnswers.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type { ComparisonView, TableScore, TableScoreView } from "./protocol/scoreProtocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface ScoringHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: HeldEdits;
}

/** Facts whose scores are taken together. */
const CHUNK = 32;
/** Tokens of greedy text shown after each prompt. */
const CONTINUATION = 12;

/** The Lab's jobs that score, with no edit and with the edits that are on. */
export class Scoring {
  readonly #host: ScoringHost;

  constructor(host: ScoringHost) {
    this.#host = host;
  }

  /** Scores and greedy text of a case. */
  compare(
    id: number,
    scored: Case,
    report: (done: number, total: number, stage: string) => void,
  ): Promise<ComparisonView> {
    const work = async (signal: AbortSignal): Promise<ComparisonView> => {
      const prompts = comparedPrompts(scored);
      const { active } = this.#host.held;
      const turns = active.length ? 2 : 1;
      const measure = async (deltas: Delta[], turn: number) => {
        const model = this.#host.model(deltas);
        const score = await scoreCase(model, scored, { generate: true, signal });
        const texts = await continued(model, prompts, signal);
        report(turn, turns, "scoring");
        return { score, texts };
      };
      const before = await measure([], 1);
      const after = active.length ? await measure(active, 2) : undefined;
      return {
        case: scored,
        before: before.score,
        after: after?.score,
        text: prompts.map((prompt, i) => ({
          prompt,
          before: before.texts[i],
          after: after?.texts[i],
        })),
      };
    };
    const task = { doing: "scoring", urgency: "short" as const };
    return this.#host.queue.runReporting(id, task, report, work);
  }

  /** Scores every fact of a table. */
  table(
    id: number,
    facts: TableFact[],
    report: (done: number, total: number) => void,
  ): Promise<TableScoreView> {
    return this.#host.queue.runReporting(id, "scoring the table", report, async (signal) => {
      const { active } = this.#host.held;
      const total = facts.length * (active.length ? 2 : 1);
      const onDone = (done: number) => report(done, total);
      const before = await scoreTable(this.#host.model([]), facts, { onDone, signal });
      if (!active.length) return { before };
      const later = (done: number) => onDone(facts.length + done);
      const model = this.#host.model(active);
      return { before, after: await scoreTable(model, facts, { onDone: later, signal }) };
    });
  }
}

/** The prompt, one paraphrase and one neighbour: where text should change, and where not. */
function comparedPrompts(scored: Case): string[] {
  const rewrite = fillTemplate(scored.prompt, scored.subject);
  return [rewrite, ...scored.paraphrases.slice(0, 1), ...scored.neighbours.slice(0, 1)];
}

/** Greedy text after each prompt, without the prompt, to where the model ends its text. */
async function continued(model: Model, prompts: string[], signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  const end = model.tokenizer.decode([model.tokenizer.eos]);
  for (const prompt of prompts) {
    const maxTokens = model.tokenizer.encode(prompt).length + CONTINUATION;
    const [text] = await continueText(model, [prompt], { maxTokens, signal });
    texts.push(text.slice(prompt.length).split(end)[0]);
  }
  return texts;
}

async function scoreTable(
  model: Model,
  facts: TableFact[],
  { onDone, signal }: { onDone: (done: number) => void; signal: AbortSignal },
): Promise<TableScore> {
  const answers: TargetAnswer[] = [];
  const scores: CaseScore[] = [];
  let place = 0;
  for (let at = 0; at < facts.length; at += CHUNK) {
    const some = facts.slice(at, at + CHUNK);
    answers.push(...(await targetAnswers(model, some, signal)));
    for (const [i, { case: known }] of some.entries()) {
      signal.throwIfAborted();
      if (known) scores.push(await scoreCase(model, known, { signal }));
      onDone(at + i + 1);
    }
  }
  const byFact = facts.map((fact) => (fact.case ? scores[place++].measures : undefined));
  return { answers, measures: byFact, summary: scores.length ? summarise(scores) : undefined };
}
