import { scaleLinear, scaleLog } from "d3-scale";

/** One covariance, and how the editor did with it. */
export interface SamplePoint {
  keys: number;
  /** keys / dMlp. */
  multiple: number;
  /** The largest condition number of the layers' C; infinite where one is singular. */
  condition: number;
  /** Fractions (METHODS 7.3); absent where there was no edit. */
  scores?: { ES: number; PS: number; NS: number; S: number };
  before?: { NS: number };
  /** Why there was none. */
  failure?: string | undefined;
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 56;
const RIGHT = 120;
const TOP = 40;
const BOTTOM = 52;

const lines = [
  { key: "ES", label: "efficacy ES", colour: "#5b3fa0" },
  { key: "PS", label: "paraphrase PS", colour: "#1b7a4b" },
  { key: "NS", label: "neighbourhood NS", colour: "#b4442c" },
] as const;

/** The scores against the number of keys, as an SVG that reads on light and dark paper. */
export function samplesPlot(
  points: SamplePoint[],
  { title, name, count }: { title: string; name: string; count: number },
): string {
  const edited = points.filter((point) => point.scores);
  const ends = [points[0].multiple, points[points.length - 1].multiple];
  const x = scaleLog([Math.min(...ends), Math.max(...ends)], [LEFT, WIDTH - RIGHT]);
  const y = scaleLinear([0, 1], [HEIGHT - BOTTOM, TOP]);
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(
      LEFT,
      22,
      `${title} on ${name}, ${count} facts at once, by the keys in C`,
      'font-weight="600"',
    ),
    ...y.ticks(5).map((tick) => horizontal(y(tick), `${Math.round(100 * tick)} %`)),
    ...points.map(({ multiple }) => mark(x(multiple), multiple)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "keys / dMlp", 'text-anchor="middle"'),
    ...labelled(edited, x, y),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">\n${parts.join("\n")}\n</svg>\n`;
}

/** The lines, their points, and a label at each one's end, moved apart where two would touch. */
function labelled(
  points: SamplePoint[],
  x: (multiple: number) => number,
  y: (score: number) => number,
): string[] {
  if (points.length === 0) return [];
  const last = points[points.length - 1];
  const ends = lines
    .map(({ key, label, colour }) => ({ label, colour, at: y(last.scores![key]) }))
    .sort((a, b) => a.at - b.at);
  ends.forEach((end, i) => {
    if (i > 0) end.at = Math.max(end.at, ends[i - 1].at + 14);
  });
  return [
    ...lines.flatMap(({ key, colour }) => {
      const at = points.map(({ multiple, scores }) => [x(multiple), y(scores![key])]);
      const path = at.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...at.map(
          ([px, py]) =>
            `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`,
        ),
      ];
    }),
    ...ends.map(({ label, colour, at }) =>
      text(x(last.multiple) + 8, at + 4, label, `fill="${colour}"`),
    ),
  ];
}

const horizontal = (at: number, label: string): string =>
  `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>${text(LEFT - 6, at + 4, label, 'text-anchor="end"')}`;

const mark = (at: number, multiple: number): string =>
  `<line x1="${at}" x2="${at}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 5}" stroke="#333"/>${text(at, HEIGHT - BOTTOM + 19, `${Number(multiple.toPrecision(2))}`, 'text-anchor="middle"')}`;

const text = (x: number, y: number, words: string, attributes = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes.includes("fill=") ? "" : 'fill="#222" '}${attributes}>${words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</text>`;
