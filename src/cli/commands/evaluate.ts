import type { Case } from "../../data/facts/facts.ts";
import type { Model } from "../../engine/Model.ts";
import { contextTemplates } from "../../methods/edit/contextTemplates.ts";
import { rome, type RomeOptions } from "../../methods/edit/rome/rome.ts";
import { type CaseScore, scoreCase, type Summary, summarise } from "../../methods/score/score.ts";
import { knownCases, readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { openModel } from "../open/openModel.ts";
import { numberOption, parseOptions, required } from "../options.ts";
import { readContexts, romeOptions, romeSettings, romeUsage, romeWishes } from "./romeSettings.ts";
import { scoreTable } from "./scoreTable.ts";

/** `palimpsest evaluate`: ROME on many cases, each alone on the base model. */
export const evaluate: Command = {
  usage: `evaluate --model M --cases F.json [--limit N] [--all] ${romeUsage} [--json]`,
  about: "ROME on the cases of a file that the model knows, each alone, scored before and after.",
  run: runEvaluate,
};

/** One case, scored on the base model and on the edited one. */
interface Evaluated {
  before: CaseScore;
  after: CaseScore;
  relativeNorm: number;
}

async function runEvaluate(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    ...romeOptions,
    cases: { type: "string" },
    limit: { type: "string" },
    all: { type: "boolean" },
  });
  const wishes = romeWishes(given);
  const limit = numberOption(given, "limit", { min: 1, whole: true });
  required(given, "model");
  const cases = await readCases(required(given, "cases"));
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const { hyperparameters, statistics } = await romeSettings(opened, wishes, {
    stats: given.stats,
    terminal,
  });
  const chosen = given.all
    ? cases.slice(0, limit)
    : await knownCases(model, cases, { limit, terminal });
  const contexts =
    (await readContexts(given.contexts)) ??
    (await contextTemplates(model, hyperparameters.contextLengths, wishes));
  const options = { seed: wishes.seed, contexts, ...(statistics && { statistics }) };
  const results: Evaluated[] = [];
  for (const fact of chosen) {
    results.push(await evaluateCase(model, fact, { hyperparameters, options }));
    const { measures } = summarise(results.map(({ after }) => after));
    terminal.progress(`${results.length} of ${chosen.length}: ES ${measures.ES.mean.toFixed(3)}`);
  }
  terminal.progress("");
  const summary = {
    before: summarise(results.map(({ before }) => before)),
    after: summarise(results.map(({ after }) => after)),
  };
  if (given.json) {
    const about = { model: model.config.name, method: "rome", hyperparameters, seed: wishes.seed };
    const read = { casesRead: cases.length, cases: chosen.length, onlyKnown: !given.all };
    terminal.print(JSON.stringify({ ...about, ...read, summary, results }));
  } else {
    terminal.print(report(summary, given.all ? "cases" : "known cases"));
  }
}

async function evaluateCase(
  model: Model,
  fact: Case,
  how: { hyperparameters: Parameters<typeof rome>[2]; options: RomeOptions },
): Promise<Evaluated> {
  const before = await scoreCase(model, fact);
  const request = { prompt: fact.prompt, subject: fact.subject, target: fact.targetNew };
  const { delta, relativeNorm } = await rome(model, request, how.hyperparameters, how.options);
  model.setDeltas(delta.weights);
  try {
    return { before, after: await scoreCase(model, fact), relativeNorm };
  } finally {
    model.setDeltas([]);
  }
}

const report = (summary: { before: Summary; after: Summary }, what: string): string =>
  `${summary.after.cases} ${what}, each edited alone\n\n${scoreTable(summary)}`;
