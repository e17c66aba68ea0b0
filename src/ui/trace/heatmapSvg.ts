import { title, type HeatmapData } from "./heatmap.ts";
import { heatmapMarks, type Label } from "./heatmapMarks.ts";

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** How each kind of label stands at its place. */
const attributes: Record<Label["kind"], string> = {
  token: 'dy="0.35em" text-anchor="end"',
  tick: 'text-anchor="middle" font-size="11"',
  value: 'dy="0.35em" font-size="11"',
};

/** A heatmap as a file of its own: black on white, the fonts of the reader's system. */
export function heatmapSvg(data: HeatmapData, width = 480): string {
  const { box, rows, colours, labels } = heatmapMarks(data, width);
  const top = 30;
  const height = box.height + top + 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${box.left}" y="18" font-size="13" font-weight="600">${escape(title(data.kind))}</text>`,
    `<g transform="translate(0 ${top})">`,
    ...rows.flat().flatMap(({ fill, ...place }) => (fill ? [rect({ ...place, fill })] : [])),
    ...labels.map(label),
    ...colours.map(rect),
    "</g>",
    "</svg>",
  ].join("\n");
}

function rect(place: { x: number; y: number; width: number; height: number; fill: string }) {
  const [x, y, width, height] = [place.x, place.y, place.width, place.height].map((n) =>
    n.toFixed(2),
  );
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${place.fill}"/>`;
}

const label = ({ kind, text, x, y }: Label) =>
  `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" ${attributes[kind]}>${escape(text)}</text>`;
