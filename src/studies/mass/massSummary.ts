import { numberIn, type Row } from "../../data/rows/rows.ts";
import { summarise, type Summary } from "../../methods/score/score.ts";
import type { PlotFigure } from "../../data/figure/PlotFigure.ts";
import { mean } from "../average.ts";
import { scoreFigure } from "../scoreFigure.ts";
import { localNeutral, measuresIn } from "../scoreRow.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { Table } from "../Table.ts";
import type { MassSettings } from "./massSettings.ts";

/** One count of facts written at once. */
export interface MassResult {
  count: number;
  /** Groups that are done. */
  groups: number;
  before: Summary;
  after: Summary;
  /** Of the neutral text, before and as the mean over the groups after. */
  perplexityBefore: number;
  perplexity: number;
  /** See {@link localNeutral}. */
  localNeutral: number;
  /** Mean over the groups of the largest ‖ΔW‖ / ‖W‖. */
  relativeNorm: number;
}

/** Each method's results by count. */
export interface MassSummary {
  studies: { method: string; hyperparameters: unknown; results: MassResult[] }[];
}

/** Sums up the groups that are done. */
export function summariseMass(
  rows: readonly Row[],
  { methods, settings }: StudyAbout<MassSettings>,
): MassSummary {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const studies = methods.map(({ name, settings: hyperparameters }) => {
    const results = settings.counts.flatMap((count) => {
      const done = rows.filter(({ key }) => isGroup(key, `${name}/${count}/`));
      return done.length > 0 ? [resultOf(count, done, { rows, byKey })] : [];
    });
    return { method: name, hyperparameters, results };
  });
  return { studies };
}

const isGroup = (key: string, prefix: string) =>
  key.startsWith(prefix) && !key.includes("/", prefix.length);

function resultOf(
  count: number,
  groups: readonly Row[],
  { rows, byKey }: { rows: readonly Row[]; byKey: Map<string, Row> },
): MassResult {
  const written = groups.flatMap(({ key }) => rows.filter((row) => row.key.startsWith(`${key}/`)));
  const before = written.map(({ key }) =>
    byKey.get(`before/${key.slice(key.lastIndexOf("/") + 1)}`)!,
  );
  return {
    count,
    groups: groups.length,
    before: summarise(before.map((row) => measuresIn(row.before))),
    after: summarise(written.map((row) => measuresIn(row.after))),
    localNeutral: localNeutral(
      written.map((row, i) => ({ before: before[i].before, after: row.after })),
    ),
    perplexityBefore: numberIn(byKey.get("before")!, "perplexity"),
    perplexity: mean(groups.map((row) => numberIn(row, "perplexity"))),
    relativeNorm: mean(groups.map((row) => numberIn(row, "relativeNorm"))),
  };
}

/** A line per method and count. */
export function massTable({ studies }: MassSummary): Table {
  const rows = studies.flatMap(({ method, results }) =>
    results.map(({ count, groups, before, after, ...rest }) => [
      method,
      count,
      count * groups,
      after.measures.ES.mean,
      after.measures.PS.mean,
      before.measures.NS.mean,
      after.measures.NS.mean,
      after.score,
      rest.localNeutral,
      rest.relativeNorm,
      rest.perplexityBefore,
      rest.perplexity,
    ]),
  );
  const scores = ["ES", "PS", "NS before", "NS", "S", "LN"].map((name) => ({
    name,
    as: "percent" as const,
  }));
  const numbers = ["‖ΔW‖/‖W‖", "perplexity before", "perplexity"].map((name) => ({
    name,
    as: { decimals: 2 },
  }));
  const names = ["method", "at once", "cases"].map((name) => ({ name }));
  return { name: "summary", columns: [...names, ...scores, ...numbers], rows };
}

/** Scores and perplexity by how many facts are written at once: of one method its measures, of several their scores S. */
export function massFigures(
  { studies }: MassSummary,
  about: StudyAbout<MassSettings>,
): PlotFigure[] {
  const x = {
    label: "facts at once",
    log: true,
    ticks: [...about.settings.counts].sort((a, b) => a - b),
  };
  const ordered = studies.map(({ method, results }) => ({
    name: about.methods.find(({ name }) => name === method)?.title ?? method,
    results: [...results].sort((a, b) => a.count - b.count),
  }));
  const [only, ...others] = ordered;
  const title = `${ordered.map(({ name }) => name).join(" and ")} on ${about.model}`;
  const scores: PlotFigure =
    others.length === 0
      ? scoreFigure(
          only.results.map(({ count, after }) => ({ at: count, scores: after })),
          { name: "scores", title, axis: x.label, logarithmic: true },
        )
      : {
          name: "scores",
          title,
          x,
          y: { label: "score S", as: "percent", from: 0, to: 1 },
          series: linesOf(ordered, ({ after }) => after.score),
        };
  const before = ordered.flatMap(({ results }) => results).at(0)?.perplexityBefore ?? NaN;
  const perplexity: PlotFigure = {
    name: "perplexity",
    title: `${title}: perplexity of neutral text`,
    x,
    y: { label: "perplexity", log: true },
    series: [
      ...linesOf(ordered, ({ perplexity }) => perplexity),
      {
        kind: "line",
        name: "before",
        dashed: true,
        points: about.settings.counts.map((count) => ({ x: count, y: before })),
      },
    ],
  };
  return [scores, perplexity];
}

const linesOf = (
  studies: readonly { name: string; results: readonly MassResult[] }[],
  value: (result: MassResult) => number,
): PlotFigure["series"] =>
  studies.map(({ name, results }) => ({
    kind: "line",
    name,
    points: results.map((result) => ({ x: result.count, y: value(result) })),
  }));
