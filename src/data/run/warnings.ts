import { fillTemplate } from "../facts/template.ts";
import type { RunContext } from "./RunContext.ts";

/** What a warning is taken from; what is not known is not warned of. */
export interface Doubtful {
  /** With one `{}` for the subject. */
  prompt?: string | undefined;
  subject?: string | undefined;
  /** The largest ‖ΔW‖/‖W‖. */
  relativeNorm?: number | undefined;
  /** The statistics that an edit read, and the precision that each is of where that is known. */
  statistics?: readonly { layer: number; precision?: string | undefined }[] | undefined;
  /** Of the model. */
  precision?: string | undefined;
  /** The edit's own, by their names. */
  settings?: object | undefined;
  measures?: readonly DoubtfulMeasure[] | undefined;
}

/** A number that tells how an edit went, and what is to be thought of it. */
interface DoubtfulMeasure {
  name: string;
  value: number;
  warning?: string | undefined;
}

/** A change as large as the matrix itself is no small correction of it any more. */
const NORM = 1;
/** Below this k₀·u/k̄·u the published update visibly overshoots (METHODS 4.5). */
const RATIO = 0.5;

/** Where a result is known to mislead, and what to do: a sentence each. */
export function runWarnings(doubtful: Doubtful): string[] {
  return [
    ...ofPrompt(doubtful),
    ...ofKey(doubtful),
    ...ofNorm(doubtful),
    ...ofStatistics(doubtful),
  ].map((said) => `${said[0].toUpperCase()}${said.slice(1)}${said.endsWith(".") ? "" : "."}`);
}

function ofPrompt({ prompt, subject }: Doubtful): string[] {
  if (prompt === undefined || !/\s$/.test(fillTemplate(prompt, subject ?? ""))) return [];
  return [
    "The prompt ends in a space, which is a token of its own here: the model answers something else than after the words alone. Take the space away.",
  ];
}

/** What the measures say of themselves, and of a subject that nothing stands before. */
function ofKey({ prompt, settings, measures = [] }: Doubtful): string[] {
  const said = measures.filter(({ warning }) => warning);
  const published = (settings as { keyMode?: unknown } | undefined)?.keyMode === "code";
  if (!published || !prompt?.startsWith("{}")) return said.map(({ warning }) => warning!);
  const ratio = measures.find(({ name }) => name === "keyRatio")?.value;
  const begins = "The subject begins the prompt, where its key differs from the mean key";
  const others = said.filter(({ name }) => name !== "keyRatio").map(({ warning }) => warning!);
  const advice =
    ratio === undefined || ratio < RATIO
      ? "with the key as published the change overshoots and may damage the model. Put words before the subject, or take the mean key (the other key mode)."
      : "with the key as published the change may overshoot; here it does so little (below about 0.5 it does much).";
  const measured = ratio === undefined ? "" : ` (k₀·u/k̄·u ${Number(ratio.toPrecision(2))})`;
  return [`${begins}${measured}: ${advice}`, ...others];
}

function ofNorm({ relativeNorm }: Doubtful): string[] {
  if (relativeNorm === undefined || relativeNorm <= NORM) return [];
  return [
    `The change is ${Number(relativeNorm.toPrecision(2))} times as large as the matrix that it changes (‖ΔW‖/‖W‖): the model’s other text is probably damaged. Take settings nearer to the preset.`,
  ];
}

/** C = I is told only of a method that could have read C. */
function ofStatistics({ statistics, precision, settings }: Doubtful): string[] {
  if ((settings as { covariance?: unknown } | undefined)?.covariance === "I")
    return [
      "No covariance statistics were read (C = I): other subjects may be changed more than with them.",
    ];
  const others = statistics?.filter((read) => read.precision && read.precision !== precision) ?? [];
  if (precision === undefined || !others.length) return [];
  const layers = others.map(({ layer }) => layer).join(", ");
  return [
    `The covariance statistics of layer ${layers} were collected from this model in ${others[0].precision}, and it is open in ${precision}: its keys are others, most of all where one of the two has 4 bits. Collect them in this precision.`,
  ];
}

/** What a run's context tells of what may mislead. */
export const doubtfulOf = ({ fact, model, settings }: RunContext): Doubtful => ({
  prompt: fact?.prompt,
  subject: fact?.subject,
  precision: model.precision,
  settings,
});
