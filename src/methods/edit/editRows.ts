import type { Model } from "../../engine/Model.ts";
import type { EditRequest } from "./editRequest.ts";
import { templateSpan, lookupIndex, subjectRange, type FactToken } from "../prompt/subject.ts";
import type { SubjectNoise } from "./Objective.ts";
import { rowNoise, type RowNoise } from "./subjectNoise.ts";
import { targetIds } from "../prompt/targetIds.ts";

/** What the "essence" row asks: the subject should stay what it is (METHODS 4.5). */
const ESSENCE = "{} is a";

/** The batch of one edit (METHODS 4.5): a row per context, one for the essence, and the bare prompt. */
export interface EditRows {
  tokens: number[][];
  /** Where each row looks the fact up. */
  lookups: number[];
  /** Rows 0 … contexts−1 ask for the target, each under one context. */
  contexts: number;
  /** The row of "{subject} is a". */
  essence: number;
  /** The row of the prompt without a prefix: a context's, or one of its own. */
  bare: number;
  /** The target's tokens, and in each context's row the positions that predict them. */
  targets: { row: number; token: number; target: number }[];
  targetLength: number;
  /** Per row, the noise on its subject; absent where there is none. */
  noise?: RowNoise[] | undefined;
}

/**
 * Tokenises an edit: context ∘ prompt + the target but its last token, then "{subject} is a". Where no
 * context is "{}", the bare prompt follows as a row that no loss sees.
 *
 * @param contexts templates with one `{}` each
 * @throws when the target is empty or a row is longer than the model's context
 */
export function editRows(
  model: Model,
  request: EditRequest,
  how: { contexts: string[]; factToken: FactToken; noise?: SubjectNoise | undefined },
): EditRows {
  const { contexts, factToken, noise } = how;
  const { tokenizer } = model;
  const target = targetIds(tokenizer, request.target);
  const templates = contexts.map((context) => templateSpan(context, request.prompt).text);
  const identity = contexts.indexOf("{}");
  const all = [...templates, ESSENCE, ...(identity < 0 ? [request.prompt] : [])];
  const prompts = all.map((template) =>
    tokenizer.encode(templateSpan(template, request.subject).text),
  );
  const tokens = prompts.map((ids, row) =>
    row < templates.length ? [...ids, ...target.slice(0, -1)] : ids,
  );
  checkLengths(model, tokens);
  return {
    tokens,
    lookups: all.map((template) => lookupIndex(tokenizer, template, request.subject, factToken)),
    contexts: templates.length,
    essence: templates.length,
    bare: identity < 0 ? templates.length + 1 : identity,
    targets: templates.flatMap((_, row) =>
      target.map((id, j) => ({ row, token: prompts[row].length - 1 + j, target: id })),
    ),
    targetLength: target.length,
    noise: noise && rowNoise(noise, subjectsOf(model, all, request.subject), model.config.dModel),
  };
}

/** Where every template's row holds the subject: tokens [begin, end). */
function subjectsOf({ tokenizer }: Model, templates: string[], subject: string) {
  return templates.map((template) => subjectRange(tokenizer, templateSpan(template, subject)));
}

function checkLengths({ config: { positions } }: Model, tokens: number[][]): void {
  const longest = Math.max(...tokens.map((row) => row.length));
  if (longest > positions) {
    throw new Error(
      `the prompt is too long: with its context and target it has ${longest} tokens (this model reads ${positions}); shorten it`,
    );
  }
}
