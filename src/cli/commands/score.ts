import { aboutCase } from "../../data/run/runAbout.ts";
import type { ScoreResult, Sides } from "../../data/run/Run.ts";
import { targetIds } from "../../methods/prompt/targetIds.ts";
import { scoreFactTable } from "../editing/scoreFactTable.ts";
import { runOption, saveRun, tryRun } from "../files/runFile.ts";
import { WrongCall } from "../WrongCall.ts";
import type { Case } from "../../data/facts/facts.ts";
import type { Model } from "../../engine/Model.ts";
import { type CaseScore, scoreCase, summarise } from "../../methods/score/score.ts";
import { readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { applyDeltas, deltaOption } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { parseOptions, required, seedOption } from "../options.ts";
import { scoreTable } from "../../studies/scoreTable.ts";
import { tableText } from "../study/tableText.ts";

/** `palimpsest score`: efficacy, paraphrase and neighbourhood scores of cases, without and with an edit. */
export const score: Command = {
  usage:
    "score --model M (--case F.json | --facts F.json|F.csv) [--delta F … [--strength S,…] [--another-model]] [--generate] [--seed 1] [--run F.zip] [--json]",
  about:
    "Efficacy, paraphrase and neighbourhood scores of a case, or of a table of facts, without and with an edit.",
  run: runScore,
};

async function runScore(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    ...modelOptions,
    ...anotherModel,
    ...deltaOption,
    ...runOption,
    case: { type: "string" },
    facts: { type: "string" },
    generate: { type: "boolean" },
    seed: { type: "string" },
    json: { type: "boolean" },
  });
  required(given, "model");
  await tryRun(given.run);
  if (given.facts !== undefined) return scoreFactTable(given.facts, given, terminal);
  const path = required(given, "case");
  const begun = new Date();
  const seed = seedOption(given) ?? 1;
  const cases = await readCases(path);
  if (given.run !== undefined && cases.length > 1)
    throw new WrongCall(
      `--run takes one case, and ${path} has ${cases.length}; give them as --facts`,
    );
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const how = { generate: given.generate === true, seed, terminal };
  const before = await scoreAll(model, cases, how);
  const deltas = await applyDeltas(opened, given);
  const after = given.delta ? await scoreAll(model, cases, how) : undefined;
  const summaries = after
    ? { before: summarise(before), after: summarise(after) }
    : { before: summarise(before) };
  await saveRun(given.run, {
    model,
    about: aboutCase(cases[0], "fact", seed),
    result: caseResult(model, cases[0], { before: before[0], after: after?.[0] }),
    begun,
    deltas,
  });
  if (given.json) {
    const scores = { before, after };
    terminal.print(JSON.stringify({ model: model.config.name, summary: summaries, cases: scores }));
  } else {
    terminal.print(tableText(scoreTable(summaries)));
  }
}

function caseResult(model: Model, scored: Case, sides: Sides<CaseScore>): ScoreResult {
  const length = (target: string) => targetIds(model.tokenizer, target).length;
  const tokens = { new: length(scored.targetNew), true: length(scored.targetTrue) };
  return { kind: "score", case: scored, tokens, ...sides, text: [] };
}

async function scoreAll(
  model: Model,
  cases: Case[],
  { generate, seed, terminal }: { generate: boolean; seed: number; terminal: Terminal },
): Promise<CaseScore[]> {
  const scores: CaseScore[] = [];
  for (const fact of cases) {
    scores.push(await scoreCase(model, fact, { generate, seed }));
    terminal.progress(`scored ${scores.length} of ${cases.length} cases`);
  }
  terminal.progress("");
  return scores;
}
