import type { PlotFigure } from "../data/figure/PlotFigure.ts";
import { mergedRows, type Row } from "../data/rows/rows.ts";
import { refuseOthers, type StudyAbout } from "./StudyAbout.ts";
import { type FailedRow, withoutFailed } from "./rowOrError.ts";
import type { Study } from "./Study.ts";
import { type Table, tableCsv } from "./Table.ts";

/** A study's results, made from its rows alone. */
export interface StudyResults {
  about: StudyAbout;
  summary: object;
  tables: Table[];
  figures: PlotFigure[];
  /** Pieces of work without numbers, which are not summed up. */
  failed: FailedRow[];
}

/**
 * Sums up rows, but for those that hold an error.
 *
 * @throws where they say nothing yet, or are not what the study makes
 */
export function studyResults(study: Study, all: readonly Row[], about: StudyAbout): StudyResults {
  const { rows, failed } = withoutFailed(all);
  if (rows.length === 0 && failed.length > 0) {
    throw new Error(`no row of this study has numbers; the first says: ${failed[0].error}`);
  }
  try {
    const summary = study.summarise(rows, about);
    const figures = study.figures?.(summary, about) ?? [];
    return { about, summary, tables: study.tables(summary, about), figures, failed };
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
    throw new Error(
      `the rows or the settings of this study are not what ${study.name} makes: they are damaged, or of another version`,
      { cause },
    );
  }
}

/** `summary.json`: what was summed up, and what it is of. */
export function summaryJson({ about, summary, failed }: StudyResults): object {
  const { study, model, precision, settings, methods, seed, filters, chosen } = about;
  const of = { study, model, precision, settings, methods, seed, filters };
  const without = failed.length > 0 ? failed : undefined;
  return { ...of, chosenCases: chosen.cases.length, failed: without, ...summary };
}

/** The files of the results, by their names; what draws figures is loaded where there are some. */
export async function resultFiles(results: StudyResults): Promise<Record<string, string>> {
  const { tables, figures } = results;
  return {
    "summary.json": `${JSON.stringify(summaryJson(results), null, 2)}\n`,
    ...Object.fromEntries(tables.map((table) => [`${table.name}.csv`, tableCsv(table)])),
    ...(figures.length > 0 ? await figureFiles(figures) : {}),
  };
}

async function figureFiles(figures: readonly PlotFigure[]): Promise<Record<string, string>> {
  const { plotSvg } = await import("../data/figure/drawPlot.ts");
  return Object.fromEntries(figures.map((figure) => [`${figure.name}.svg`, plotSvg(figure)]));
}

/** A place that holds a study or a shard of it. */
export interface StudyPart {
  /** Its folder, say. */
  where: string;
  about: StudyAbout;
  rows: readonly Row[];
}

/**
 * Shards of one study as one.
 *
 * @throws where two are of other settings, by the name of what differs
 */
export function mergedParts(parts: readonly StudyPart[]): { about: StudyAbout; rows: Row[] } {
  const [first, ...others] = parts;
  for (const { where, about } of others) {
    const advice = "its rows do not go with the others";
    refuseOthers(about, first.about, { where, advice });
    if (JSON.stringify(about.chosen) !== JSON.stringify(first.about.chosen)) {
      throw new Error(`${where} is about other cases than ${first.where}; ${advice}`);
    }
  }
  return { about: first.about, rows: mergedRows(...parts.map(({ rows }) => rows)) };
}
