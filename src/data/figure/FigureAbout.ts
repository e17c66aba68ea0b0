import type { RunContext } from "../run/RunContext.ts";
import { noiseText } from "../trace/noiseCode.ts";
import type { Noise } from "../trace/Noise.ts";

/** What a figure says of itself in its file, whatever that is. */
export interface FigureAbout {
  title: string;
  /** What it shows, in sentences, for who cannot see it. */
  description: string;
  /** What the run was of that it shows. */
  run?: RunContext | undefined;
}

/** What a run is of, as names and values that a reader of a file understands without the page. */
export function runLines(run: RunContext): [name: string, value: string][] {
  const { model, edits, fact, settings, seed, sigma, provider, version, begun } = run;
  const said: [string, string | undefined][] = [
    ["model", model.id],
    ["revision", model.revision],
    ["stamp", model.stamp],
    ["precision", model.precision],
    ["edits", edits.length > 0 ? edits.map(editText).join("; ") : "none"],
    ["prompt", fact?.prompt],
    ["subject", fact?.subject],
    ["answer", fact?.answer],
    ["target", fact?.target],
    ["truth", fact?.truth],
    ...Object.entries(settings).map(([name, value]): [string, string] => [
      name,
      settingText(value),
    ]),
    ["seed", String(seed)],
    ["sigma", sigma && `${sigma.value}, of ${sigma.set}`],
    ["provider", provider],
    ["software", `Palimpsest ${version}`],
    ["begun", begun],
  ];
  return said.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

const editText = ({ title, digest, strength }: RunContext["edits"][number]): string =>
  `${title} × ${strength} (${digest.slice(0, 8)})`;

/** A setting as its field writes it, where that is a word or a number; else as JSON. */
function settingText(value: unknown): string {
  if (typeof value === "string") return value;
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (kind === "sigma" || kind === "level" || kind === "uniform") return noiseText(value as Noise);
  return JSON.stringify(value);
}
