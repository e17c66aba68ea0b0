import type { Delta } from "../src/data/delta/delta.ts";
import type { TableFact } from "../src/data/facts/factTable.ts";
import { fillTemplate } from "../src/data/facts/template.ts";
import type { Model } from "../src/engine/Model.ts";
import { endOf } from "../src/methods/prompt/ask.ts";
import { promptIds } from "../src/methods/prompt/promptIds.ts";
import { targetIds } from "../src/methods/prompt/targetIds.ts";
import { type CaseScore, scoreCase, summarise } from "../src/methods/score/score.ts";
import { type TargetAnswer, targetAnswers } from "../src/methods/score/targetAnswers.ts";
import { contextOf, type RunAbout } from "./run/Frozen.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type {
  CompareOrder,
  ComparisonView,
  TableScore,
  TableScoreView,
} from "./protocol/scoreProtocol.ts";
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
/** Of sampled text. */
const SEED = 1;

/** The Lab's jobs that score, with no edit and with the edits that are on. */
export class Scoring {
  readonly #host: ScoringHost;

  constructor(host: ScoringHost) {
    this.#host = host;
  }

  /** Scores and greedy text of a case. */
  compare(
    id: number,
    order: CompareOrder,
    report: (done: number, total: number, stage: string) => void,
  ): Promise<ComparisonView> {
    const frozen = this.#host.held.freeze();
    const { scored } = order;
    const work = async (signal: AbortSignal): Promise<ComparisonView> => {
      const prompts = comparedPrompts(scored);
      const active = frozen.deltas;
      const context = await contextOf(frozen, this.#host.model([]), aboutCase(order));
      const turns = active.length ? 2 : 1;
      const measure = async (deltas: Delta[], turn: number) => {
        const model = this.#host.model(deltas);
        const score = await scoreCase(model, scored, { generate: true, seed: SEED, signal });
        const texts = await continued(model, prompts, signal);
        report(turn, turns, "scoring");
        return { score, texts };
      };
      const before = await measure([], 1);
      const after = active.length ? await measure(active, 2) : undefined;
      const { tokenizer } = this.#host.model([]);
      const length = (target: string) => targetIds(tokenizer, target).length;
      return {
        context,
        case: scored,
        tokens: { new: length(scored.targetNew), true: length(scored.targetTrue) },
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

/** Of what a case's scores are, but for the model. */
function aboutCase({ scored, truthOf }: CompareOrder): RunAbout {
  const { prompt, subject, targetNew, targetTrue, paraphrases, neighbours } = scored;
  const fact = { prompt, subject, target: targetNew, truth: targetTrue, truthOf };
  const settings = { generated: scored.generationPrompts.length };
  return { kind: "score", fact: { ...fact, paraphrases, neighbours }, settings, seed: SEED };
}

/** The prompt, one paraphrase and one neighbour: where text should change, and where not. */
function comparedPrompts(scored: CompareOrder["scored"]): string[] {
  const rewrite = fillTemplate(scored.prompt, scored.subject);
  return [rewrite, ...scored.paraphrases.slice(0, 1), ...scored.neighbours.slice(0, 1)];
}

/** Greedy text after each prompt, without the prompt, to where the model ends its text. */
async function continued(model: Model, prompts: string[], signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  const end = endOf(model);
  for (const prompt of prompts) {
    const ids = promptIds(model, prompt, 1);
    const newTokens = Math.min(CONTINUATION, model.config.positions - ids.length);
    const found: number[] = [];
    const onToken = ({ id }: { id: number }) => {
      if (id === end) return true;
      found.push(id);
      return false;
    };
    await model.generate([ids], { newTokens, signal, onToken });
    texts.push(model.tokenizer.spell(found));
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
