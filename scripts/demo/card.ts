import { readFile, writeFile } from "node:fs/promises";
import type { Summary } from "../../src/methods/score/score.ts";
import type { Evaluation } from "../../src/studies/evaluate/evaluate.ts";
import type { MassSummary } from "../../src/studies/mass/massSummary.ts";
import { percent } from "../../src/studies/Table.ts";
import type { SweepResult } from "../../src/studies/sweep/sweep.ts";
import { type AverageTraces, kinds } from "./averageTrace.ts";
import type { Recall } from "./recall.ts";
import type { LayerSpectrum } from "./spectra.ts";

/** What is measured, in the order in which it is: the later ones need the known cases of the first. */
export const parts = ["recall", "trace", "statistics", "rome", "others", "memit"] as const;

/** What the parts found; absent where they have not run. */
export interface Measured {
  recall?: Recall | undefined;
  trace?: AverageTraces | undefined;
  statistics?: { layers: LayerSpectrum[] } | undefined;
  rome?: { results: SweepResult[] } | undefined;
  others?: Evaluation | undefined;
  memit?: MassSummary | undefined;
}

const HEADING = "## Measured\n";
const ABOUT = `On the shipped float16 weights, computed in float32, by \`npm run demo -- measure\` (tools/demo/README.md says how).`;

/** The card's part about what is measured. */
export function tables({ recall, trace, statistics, rome, others, memit }: Measured): string {
  return [
    `${HEADING}\n${ABOUT}\n`,
    ...(recall ? [recallTable(recall)] : []),
    ...(trace ? [traceTable(trace)] : []),
    ...(statistics ? [statisticsTable(statistics.layers)] : []),
    ...(rome ? [romeTable(rome.results)] : []),
    ...(others ? [othersText(others)] : []),
    ...(memit ? [memitTable(memit)] : []),
  ].join("\n");
}

/** Puts the tables in the place of what a card says from its heading "Measured" on. */
export async function writeCard(path: string, markdown: string): Promise<void> {
  const [head] = (await readFile(path, "utf8")).split(HEADING);
  await writeFile(path, head + markdown);
}

function section(title: string, before: string, [head, ...rows]: string[][], after = ""): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const lines = [line(head), line(head.map(() => "---")), ...rows.map(line)];
  return [`### ${title}\n`, ...(before ? [`${before}\n`] : []), ...lines, after]
    .join("\n")
    .replace(/\n*$/, "\n");
}

const recallTable = ({ lines }: Recall) =>
  section(
    "Recall",
    "Greedy decoding gives the whole answer; p is its mean probability. The ids of the known cases are in `known.json`.",
    [
      ["prompts", "n", "whole answer", "share", "p"],
      ...lines.map(({ name, n, greedy, p }) => [
        name,
        n.toLocaleString("en"),
        greedy.toLocaleString("en"),
        percent(greedy / n),
        p.toFixed(2),
      ]),
    ],
  );

const kindNames = { state: "states", mlp: "MLP outputs", attn: "attention outputs" };

function traceTable({ facts, layers, window, highScore, lowScore, effects }: AverageTraces) {
  const places = [
    ["subject", "last subject token"],
    ["last", "last token"],
  ] as const;
  return section(
    "Average causal trace",
    `Average indirect effects over ${facts} known CounterFact facts, noise of 3σ and ten samples each; MLP and attention in windows of ${window} ${window === 1 ? "layer" : "layers"}. p is ${highScore.toFixed(3)} clean and ${lowScore.toFixed(3)} corrupted.`,
    [
      ["restored", "at", ...Array.from({ length: layers }, (_, layer) => `layer ${layer}`)],
      ...kinds.flatMap((kind) =>
        places.map(([place, name]) => {
          const row = effects[kind][place];
          const most = Math.max(...row);
          const shown = row.map((x) => (x === most ? `**${x.toFixed(3)}**` : x.toFixed(3)));
          return [kindNames[kind], name, ...shown];
        }),
      ),
    ],
  );
}

const statisticsTable = (layers: LayerSpectrum[]) =>
  section("Statistics of the keys", "", [
    ["layer", "keys", "condition of C", "effective rank"],
    ...layers.map(({ layer, count, conditionNumber, effectiveRank }) => [
      `${layer}`,
      count.toLocaleString("en"),
      conditionNumber.toExponential(1),
      effectiveRank.toFixed(0),
    ]),
  ]);

const romeTable = (results: SweepResult[]) =>
  section(
    "ROME at every layer",
    `${results[0].cases} known cases drawn at random, whatever their new target, each edited alone with the preset's other settings.`,
    [
      ["layer", "ES", "PS", "NS", "S", "‖ΔW‖/‖W‖, median"],
      ...results.map(({ layer, summary, medianNorm }) => [
        String(layer),
        ...scores(summary),
        percent(summary.score),
        medianNorm.toFixed(2),
      ]),
    ],
    "\n![Efficacy, paraphrase, neighbourhood and ‖ΔW‖/‖W‖ by the layer that ROME edits](../../../docs/rome.svg)",
  );

const scores = ({ measures: { ES, PS, NS } }: Summary) =>
  [ES, PS, NS].map(({ mean }) => percent(mean));

function othersText({ cases, summary: { before, after }, localNeutral }: Evaluation): string {
  const [was, is] = [before, after].map(({ measures }) => measures.LP.mean);
  return `### Other facts of the subject\n\nOf ${cases} known cases whose subject has other known facts, ROME's preset leaves the answers to those at a mean probability of ${is.toFixed(2)}, from ${was.toFixed(2)} (local neutral ${percent(localNeutral)}; ES ${percent(after.measures.ES.mean)}).\n`;
}

const memitTable = ({ studies: [{ results }] }: MassSummary) =>
  section(
    "MEMIT",
    "Known cases drawn at random, whatever their new target; NS and the perplexity of true statements about other subjects before → after.",
    [
      ["at once", "cases", "ES", "PS", "NS", "S", "local neutral", "‖ΔW‖/‖W‖", "perplexity"],
      ...results.map(({ count, groups, before, after, ...rest }) => {
        const [es, ps, ns] = scores(after);
        return [
          count.toLocaleString("en"),
          (count * groups).toLocaleString("en"),
          es,
          ps,
          `${percent(before.measures.NS.mean)} → ${ns}`,
          percent(after.score),
          percent(rest.localNeutral),
          rest.relativeNorm.toFixed(2),
          `${rest.perplexityBefore.toFixed(1)} → ${rest.perplexity.toFixed(1)}`,
        ];
      }),
    ],
  );
