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
    "score --model M --case F.json [--delta F … [--strength S,…] [--another-model]] [--generate] [--seed 1] [--json]",
  about: "Efficacy, paraphrase and neighbourhood scores of a case, without and with an edit.",
  run: runScore,
};

async function runScore(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    ...modelOptions,
    ...anotherModel,
    ...deltaOption,
    case: { type: "string" },
    generate: { type: "boolean" },
    seed: { type: "string" },
    json: { type: "boolean" },
  });
  required(given, "model");
  const path = required(given, "case");
  const seed = seedOption(given) ?? 1;
  const cases = await readCases(path);
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const how = { generate: given.generate === true, seed, terminal };
  const before = await scoreAll(model, cases, how);
  if (given.delta) await applyDeltas(opened, given);
  const after = given.delta ? await scoreAll(model, cases, how) : undefined;
  const summaries = after
    ? { before: summarise(before), after: summarise(after) }
    : { before: summarise(before) };
  if (given.json) {
    const scores = { before, after };
    terminal.print(JSON.stringify({ model: model.config.name, summary: summaries, cases: scores }));
  } else {
    terminal.print(tableText(scoreTable(summaries)));
  }
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
