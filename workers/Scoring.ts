import type { Delta } from "../src/data/delta/delta.ts";
import type { TableFact } from "../src/data/facts/factTable.ts";
import { fillTemplate } from "../src/data/facts/template.ts";
import type { Model } from "../src/engine/Model.ts";
import { endOf } from "../src/methods/prompt/ask.ts";
import { promptIds } from "../src/methods/prompt/promptIds.ts";
import { targetIds } from "../src/methods/prompt/targetIds.ts";
import { scoreCase } from "../src/methods/score/score.ts";
import { type ScoredFacts, scoreFacts, tableScore } from "../src/methods/score/scoreFacts.ts";
import { aboutCase, aboutTable } from "../src/data/run/runAbout.ts";
import { contextOf } from "./run/Frozen.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type {
  CompareOrder,
  ComparisonView,
  ScoredPart,
  TableScoreView,
  TellScores,
} from "./protocol/scoreProtocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface ScoringHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: HeldEdits;
}

/** Facts that are scored with no edit and then with the edits, before the next are. */
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
      const context = await contextOf(
        frozen,
        this.#host.model([]),
        aboutCase(scored, order.truthOf, SEED),
      );
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

  /**
   * Scores every fact of a table, and tells the scores of some as soon as they are there: a run that is ended has them.
   *
   * @param of what the table is called, and by what the browser keeps it
   */
  table(
    id: number,
    facts: TableFact[],
    report: TellScores,
    of: { table: string; name: string } = { table: "", name: "" },
  ): Promise<TableScoreView> {
    const frozen = this.#host.held.freeze();
    const { deltas } = frozen;
    return this.#host.queue.runReporting(id, "scoring the table", report, async (signal) => {
      const about = aboutTable(of, facts.length, SEED);
      const context = await contextOf(frozen, this.#host.model([]), about);
      const states = deltas.length ? [[], deltas] : [[]];
      const scored = states.map((): ScoredFacts => ({ answers: [], measures: [], scores: [] }));
      const total = facts.length * states.length;
      let done = 0;
      for (let at = 0; at < facts.length; at += CHUNK) {
        const some = facts.slice(at, at + CHUNK);
        const part: ScoredPart[] = [];
        for (const [state, on] of states.entries()) {
          const onDone = () => report(++done, total);
          const found = await scoreFacts(this.#host.model(on), some, { onDone, signal });
          add(scored[state], found);
          part.push({ answers: found.answers, measures: found.measures });
        }
        report(done, total, { at, before: part[0], after: part.at(1) });
      }
      const [before, after] = scored.map(tableScore);
      return deltas.length ? { context, before, after } : { context, before };
    });
  }
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

function add(to: ScoredFacts, { answers, measures, scores }: ScoredFacts): void {
  to.answers.push(...answers);
  to.measures.push(...measures);
  to.scores.push(...scores);
}
