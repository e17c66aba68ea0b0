import type { FigureAbout } from "../../data/figure/FigureAbout.ts";
import { svgFile, xmlText } from "../../data/figure/svgFile.ts";
import { wrapped } from "../../data/figure/textWidth.ts";
import type { RunContext } from "../../data/run/RunContext.ts";
import { type HeatmapData, quantityOf, rowLabel, titleOf } from "./heatmap.ts";
import { heatmapMarks, type Label } from "./heatmapMarks.ts";
import { valueIn } from "../../data/figure/tickLabels.ts";

/** How each kind of label stands at its place. */
const attributes: Record<Label["kind"], string> = {
  token: 'dy="0.35em" text-anchor="end"',
  tick: 'text-anchor="middle" font-size="11"',
  value: 'dy="0.35em" font-size="11"',
  quantity: 'text-anchor="end" font-size="11"',
};
const heading = { size: 13, bold: true };
const LINE = 17;
const MARGIN = 12;

/** A heatmap as a file of its own: black on white, with what it is of. */
export function heatmapSvg(
  data: HeatmapData,
  { width = 480, run }: { width?: number | undefined; run?: RunContext | undefined } = {},
): string {
  const { box, rows, colours, labels } = heatmapMarks(data, width - 2 * MARGIN);
  const lines = wrapped(titleOf(data), box.width, heading);
  const top = MARGIN + LINE * lines.length;
  const marks = [
    ...lines.map(
      (line, i) =>
        `<text x="${MARGIN}" y="${MARGIN + 11 + LINE * i}" font-size="13" font-weight="bold">${xmlText(line)}</text>`,
    ),
    `<g transform="translate(${MARGIN} ${top})">`,
    ...rows.flat().flatMap(({ fill, ...place }) => (fill ? [rect({ ...place, fill })] : [])),
    ...labels.map(label),
    ...colours.map(rect),
    "</g>",
  ];
  const size = { width: box.width + 2 * MARGIN, height: box.height + top + MARGIN };
  return svgFile({ ...size, marks }, heatmapAbout(data, run));
}

/** What a heatmap says of itself: its greatest value too. */
export function heatmapAbout(data: HeatmapData, run?: RunContext): FigureAbout {
  const { tokens, layers, scores, highScore, lowScore } = data;
  const size = `${tokens.length} tokens down, ${layers} layers across`;
  const most = scores.reduce(
    (best, score, i) => (score > (scores[best] ?? -Infinity) ? i : best),
    0,
  );
  const text = (p: number) => valueIn(p, highScore - lowScore);
  const where = `“${rowLabel(data, Math.floor(most / layers))}”, layer ${most % layers}`;
  const ends = data.difference ? "" : `${text(highScore)} clean, ${text(lowScore)} corrupted. `;
  const description = `${quantityOf(data)} for each state that is restored, ${size}. ${ends}Greatest: ${text(scores[most])} at ${where}. Prompt: ${tokens.join("")}`;
  return { title: titleOf(data), description, run };
}

function rect(place: { x: number; y: number; width: number; height: number; fill: string }) {
  const [x, y, width, height] = [place.x, place.y, place.width, place.height].map((n) =>
    n.toFixed(2),
  );
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${place.fill}"/>`;
}

const label = ({ kind, text, x, y, subject }: Label) =>
  `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" ${attributes[kind]}${subject ? ' font-weight="bold"' : ""}>${xmlText(text)}</text>`;
