import type { FinishedRun, RunResult, Sides } from "./Run.ts";

/** A number that a run ended with. */
export interface RunMeasure {
  label: string;
  value: number;
}

/** The same number of two runs; NaN where one has none. */
export interface ComparedMeasure {
  label: string;
  a: number;
  b: number;
}

/** The numbers that sum a run up, in the order in which a table has them. */
export function runMeasures({ result }: Pick<FinishedRun, "result">): RunMeasure[] {
  return measuresOf(result).filter(({ value }) => !Number.isNaN(value));
}

/** The numbers of two runs side by side, those of the first in front. */
export function comparedMeasures(
  a: Pick<FinishedRun, "result">,
  b: Pick<FinishedRun, "result">,
): ComparedMeasure[] {
  const [left, right] = [runMeasures(a), runMeasures(b)];
  const labels = [...new Set([...left, ...right].map(({ label }) => label))];
  const valueIn = (measures: RunMeasure[], wanted: string) =>
    measures.find(({ label }) => label === wanted)?.value ?? NaN;
  return labels.map((label) => ({ label, a: valueIn(left, label), b: valueIn(right, label) }));
}

function measuresOf(result: RunResult): RunMeasure[] {
  switch (result.kind) {
    case "trace": {
      const [first] = result.traces;
      if (!first) return [];
      const peaks = result.traces.map(({ kind, scores, lowScore }) => ({
        label: `largest effect, ${kind}`,
        value: scores.reduce((most, x) => (x - lowScore > most ? x - lowScore : most), -Infinity),
      }));
      return [
        { label: "p clean", value: first.highScore },
        { label: "p corrupted", value: first.lowScore },
        { label: "total effect", value: first.highScore - first.lowScore },
        { label: "noise level", value: first.noiseLevel },
        ...peaks,
      ];
    }
    case "edit": {
      const { relativeNorm, answers, measures, steps } = result;
      const last = steps.at(-1);
      return [
        ...(answers ? sided("p(target)", answers, meanProbability) : []),
        { label: "‖ΔW‖/‖W‖", value: relativeNorm },
        ...(last ? [{ label: "last loss", value: last.loss }] : []),
        ...(last ? [{ label: "p(target), last step", value: last.probability }] : []),
        ...measures.map(({ label, layer, value }) => ({
          label: layer === undefined ? label : `${label}, layer ${layer}`,
          value,
        })),
      ];
    }
    case "score": {
      const names = Object.keys(result.before.measures) as (keyof typeof result.before.measures)[];
      return [
        ...names.flatMap((name) => sided(name, result, ({ measures }) => measures[name])),
        ...sided("S", result, ({ score }) => score),
      ];
    }
    case "table":
      return [
        { label: "facts", value: result.facts.length },
        ...sided("mean p(target)", result, ({ answers }) => meanProbability(answers)),
        ...sided("greedy says the target", result, ({ answers }) =>
          mean(answers.map(({ greedy }) => Number(greedy))),
        ),
        ...sided("S", result, ({ summary }) => summary?.score ?? NaN),
      ];
    case "study":
      return [{ label: "rows", value: result.rows.length }];
    case "text":
      return sided("tokens", result, ({ tokens }) => tokens.length);
  }
}

/** Without edits, and with those that were on. */
function sided<T>(label: string, { before, after }: Sides<T>, read: (side: T) => number) {
  const without = { label: `${label} before`, value: read(before) };
  return after === undefined
    ? [without]
    : [without, { label: `${label} after`, value: read(after) }];
}

const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const meanProbability = (answers: { probability: number }[]): number =>
  mean(answers.map(({ probability }) => probability));
