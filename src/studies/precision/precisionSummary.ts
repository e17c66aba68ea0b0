import type { PlotFigure } from "../../data/figure/PlotFigure.ts";
import { numberIn, type Row } from "../../data/rows/rows.ts";
import type { Precision } from "../../engine/checkpoint/precision.ts";
import type { Divergence } from "../../methods/score/divergence.ts";
import { pearson } from "../../methods/score/pearson.ts";
import { summarise, type Summary } from "../../methods/score/score.ts";
import { measuresIn } from "../scoreRow.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { Table } from "../Table.ts";
import type { PrecisionSettings } from "./precisionSettings.ts";

/** How one precision does. */
export interface PrecisionResult extends Divergence {
  precision: Precision;
  /** Of the weights on the device. */
  bytes: number;
  sentences: number;
  /** `lost` are facts that float32 recalls and the precision does not; `known` are those that float32 recalls. */
  facts: { all: number; recalled: number; known: number; lost: number };
  /** Mean over facts of Pearson's r between the scores of this precision's state trace and of float32's. */
  traces: { count: number; correlation: number };
  /** After the edits; absent where there were none. */
  edits?: Summary | undefined;
}

/** All precisions that are begun. */
export interface PrecisionSummary {
  results: PrecisionResult[];
}

/** Sums up the precisions whose distributions are compared. */
export function summarisePrecisions(
  rows: readonly Row[],
  { settings }: StudyAbout<PrecisionSettings>,
): PrecisionSummary {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const results = settings.precisions.flatMap((precision) => {
    const mine = rows.filter(({ key }) => key.startsWith(`${precision}/`));
    const about = byKey.get(precision);
    const distances = mine.filter(({ key }) => key.startsWith(`${precision}/sentences/`));
    if (!about || distances.length === 0) return [];
    const edited = mine.filter(({ key }) => key.startsWith(`${precision}/edit/`));
    return [
      {
        precision,
        bytes: numberIn(about, "bytes"),
        ...distanceOf(distances),
        facts: factsOf(mine, { precision, byKey }),
        traces: tracesOf(mine, { precision, byKey }),
        edits:
          edited.length > 0 ? summarise(edited.map((row) => measuresIn(row.after))) : undefined,
      },
    ];
  });
  if (results.length === 0) throw new Error("no precision is compared yet; go on with the study");
  return { results };
}

/** Over all tokens of all sentences. */
function distanceOf(rows: readonly Row[]): Divergence & { sentences: number } {
  const total = (column: string) => rows.reduce((sum, row) => sum + numberIn(row, column), 0);
  const tokens = total("tokens");
  const mean = (column: string) =>
    rows.reduce((sum, row) => sum + numberIn(row, column) * numberIn(row, "tokens"), 0) / tokens;
  return { kl: mean("kl"), sameTop: mean("sameTop"), tokens, sentences: total("sentences") };
}

interface Compared {
  precision: Precision;
  byKey: Map<string, Row>;
}

/** The row of float32 that goes with one of a precision. */
const referenceOf = (row: Row, { precision, byKey }: Compared): Row =>
  byKey.get(row.key.replace(`${precision}/`, "reference/"))!;

function factsOf(rows: readonly Row[], compared: Compared): PrecisionResult["facts"] {
  const facts = rows.filter(({ key }) => key.startsWith(`${compared.precision}/fact/`));
  const count = (test: (row: Row) => boolean) => facts.filter(test).length;
  const known = (row: Row) => referenceOf(row, compared).recalled === true;
  return {
    all: facts.length,
    recalled: count((row) => row.recalled === true),
    known: count(known),
    lost: count((row) => known(row) && row.recalled !== true),
  };
}

function tracesOf(rows: readonly Row[], compared: Compared): PrecisionResult["traces"] {
  const traces = rows.filter(({ key }) => key.startsWith(`${compared.precision}/trace/`));
  const scores = (row: Row) => row.scores as number[];
  const correlations = traces.map((row) =>
    pearson(scores(row), scores(referenceOf(row, compared))),
  );
  const sum = correlations.reduce((total, r) => total + r, 0);
  return { count: correlations.length, correlation: sum / correlations.length };
}

/** A line per precision. */
export function precisionTable(
  { results }: PrecisionSummary,
  { model, methods: [{ title }] }: StudyAbout<PrecisionSettings>,
): Table {
  const [{ sentences, tokens, facts, traces, edits }] = results;
  const about = [
    `${model}: ${sentences} sentences of ${tokens} tokens`,
    `${facts.known} of ${facts.all} facts recalled at f32`,
    `${traces.count} state traces`,
    `${edits?.cases ?? 0} facts written with ${title}, each alone`,
  ];
  const head = ["weights", "MB", "KL(f32 ‖ ·)", "same top 1", "recalled", "lost", "r of traces"];
  const columns = [...head, "ES", "PS", "NS", "S"].map((name) => ({ name, as: formats[name] }));
  return { name: "summary", title: about.join(", "), columns, rows: results.map(cells) };
}

const formats: Partial<Record<string, "percent" | { decimals: number }>> = {
  MB: { decimals: 1 },
  "same top 1": "percent",
  "r of traces": { decimals: 4 },
  ES: "percent",
  PS: "percent",
  NS: "percent",
  S: "percent",
};

function cells(result: PrecisionResult) {
  const { kl, facts, edits } = result;
  return [
    result.precision,
    result.bytes / 1e6,
    { value: kl, text: kl.toExponential(1) },
    result.sameTop,
    facts.recalled,
    { value: facts.lost, text: lost(facts) },
    result.traces.correlation,
    ...(["ES", "PS", "NS"] as const).map((name) => edits?.measures[name].mean ?? null),
    edits?.score ?? null,
  ];
}

/** Small shares matter here: two decimals. */
const lost = ({ lost: facts, known }: PrecisionResult["facts"]) =>
  `${facts} (${((100 * facts) / known).toFixed(2)} %)`;

/** The distance from float32 by precision, and what is recalled and edited as well. */
export function precisionFigures(
  { results }: PrecisionSummary,
  { model }: StudyAbout<PrecisionSettings>,
): PlotFigure[] {
  const share = (name: string, value: (result: PrecisionResult) => number | undefined) => ({
    kind: "bars" as const,
    name,
    bars: results.flatMap((result) => {
      const y = value(result);
      return y === undefined || Number.isNaN(y) ? [] : [{ x: result.precision, y }];
    }),
  });
  const shares = [
    share("same top 1", ({ sameTop }) => sameTop),
    share("recalled of f32’s", ({ facts }) => 1 - facts.lost / facts.known),
    share("ES", ({ edits }) => edits?.measures.ES.mean),
    share("PS", ({ edits }) => edits?.measures.PS.mean),
    share("NS", ({ edits }) => edits?.measures.NS.mean),
  ];
  return [
    {
      name: "precision",
      title: `Fewer bits a weight, ${model}`,
      x: { label: "weights" },
      y: { label: "", as: "percent", from: 0, to: 1 },
      series: shares.filter(({ bars }) => bars.length > 0),
    },
  ];
}
