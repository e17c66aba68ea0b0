import { isLowRank, layerOf } from "../../data/delta/delta.ts";
import { runWarnings } from "../../data/run/warnings.ts";
import type { Model } from "../../engine/Model.ts";
import type { Edit, Editor } from "../../methods/edit/Editor.ts";
import type { EditRequest } from "../../methods/edit/editRequest.ts";
import { promptTemplate } from "../../methods/prompt/subject.ts";
import type { TargetAnswer } from "../../methods/score/targetAnswers.ts";
import { percent, table } from "../table.ts";

/** What there is to tell of an edit. */
export interface ToldEdit {
  model: Model;
  editor: Editor;
  settings: object;
  seed: number;
  facts: EditRequest[];
  made: Edit;
  /** Of every fact. */
  before: TargetAnswer[];
  after: TargetAnswer[];
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const meanOf = (answers: TargetAnswer[]) => mean(answers.map(({ probability }) => probability));

/** An edit as `--json` prints it, the same for every editor; `before` and `after` are means of p(target). */
export function editSummary(told: ToldEdit) {
  const { model, editor, settings, seed, facts, made, before, after } = told;
  const { relativeNorm, contexts, measures, searches } = made;
  const overall = measures.filter(({ layer }) => layer === undefined);
  const sources = [...new Set(made.statistics.map(({ source }) => source))];
  return {
    model: model.config.name,
    method: editor.name,
    before: meanOf(before),
    after: meanOf(after),
    relativeNorm,
    ...Object.fromEntries(overall.map(({ name, value }) => [name, value])),
    seed,
    covariance: sources.join(", ") || "none: C = I",
    hyperparameters: settings,
    contexts,
    layers: weightsOf(made),
    facts: facts.map(({ prompt, subject, target }, i) => ({
      prompt,
      subject,
      target,
      before: before[i],
      after: after[i],
      written: made.written.includes(i),
      steps: searches.find(({ fact }) => fact === i)?.steps.length ?? 0,
    })),
    /** Of the first fact's search. */
    steps: searches[0].steps,
    blockTokens: model.cost.blockTokens,
  };
}

/** Every weight that is changed, with what is known of its layer. */
function weightsOf({ delta, measures, statistics }: Edit) {
  return delta.weights.map(({ weight, change, norm }) => {
    const layer = layerOf(weight);
    const own = measures.filter(
      (measure) => measure.layer !== undefined && measure.layer === layer,
    );
    return {
      layer,
      weight,
      relativeNorm: norm,
      rank: isLowRank(change) ? change.rank : undefined,
      covariance: statistics.find((read) => read.layer === layer)?.source ?? "none: C = I",
      ...Object.fromEntries(own.map(({ name, value }) => [name, value])),
    };
  });
}

/** An edit as a person reads it. */
export function editText(told: ToldEdit): string {
  const { model, made, facts, settings } = told;
  const { relativeNorm, statistics, measures } = made;
  const [{ prompt, subject }] = facts;
  const fact = facts.length === 1 ? { prompt: promptTemplate(prompt, subject), subject } : {};
  const { precision } = model;
  const warnings = runWarnings({
    ...fact,
    relativeNorm,
    statistics,
    precision,
    settings,
    measures,
  });
  return [
    ...(facts.length === 1 ? factLines(told) : tableLines(told)),
    "",
    weightsTable(made),
    ...(warnings.length ? ["", ...warnings] : []),
  ].join("\n");
}

function factLines({ facts, made, before, after }: ToldEdit): string[] {
  const { steps } = made.searches[0];
  const target = JSON.stringify(facts[0].target);
  const probabilities = `p(${target}) ${percent(meanOf(before))} before, ${percent(meanOf(after))} after`;
  if (steps.length === 0) return [probabilities, "its value was found by an earlier run"];
  const last = steps[steps.length - 1];
  return [probabilities, `${steps.length} losses, the last ${last.loss.toFixed(4)}`];
}

function tableLines({ facts, before, after }: ToldEdit): string[] {
  const part = (list: TargetAnswer[]) => mean(list.map(({ greedy }) => (greedy ? 1 : 0)));
  return [
    `${facts.length} facts: mean p(target) ${percent(meanOf(before))} before, ${percent(meanOf(after))} after`,
    `the target is what greedy text says for ${percent(part(before))} before, ${percent(part(after))} after`,
  ];
}

/** A line per weight: its layer, the layer's measures, ‖ΔW‖/‖W‖ and the rank. */
function weightsTable({ delta, measures }: Edit): string {
  const labels = [
    ...new Set(measures.flatMap(({ layer, label }) => (layer === undefined ? [] : label))),
  ];
  const rows = delta.weights.map(({ weight, change, norm }) => {
    const layer = layerOf(weight);
    const cells = labels.map((label) => {
      const found = measures.find((own) => own.layer === layer && own.label === label);
      return found ? found.value.toFixed(3) : "–";
    });
    const rank = isLowRank(change) ? `${change.rank}` : "full";
    return [layer === undefined ? weight : `${layer}`, ...cells, norm?.toFixed(4) ?? "–", rank];
  });
  return table([["layer", ...labels, "‖ΔW‖/‖W‖", "rank"], ...rows]);
}
