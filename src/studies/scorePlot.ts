import { scaleLinear, scaleLog } from "d3-scale";

/** Scores at one place of an axis. */
export interface ScorePoint {
  at: number;
  /** What stands at the axis there. */
  label: string;
  /** Fractions (METHODS 7.3); absent where there was no edit. */
  scores?: { ES: number; PS: number; NS: number } | undefined;
  /** ‖ΔW‖ / ‖W‖. */
  norm?: number | undefined;
}

/** What stands beside the lines. */
export interface ScorePlotText {
  title: string;
  axis: string;
  logarithmic?: boolean | undefined;
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 56;
const RIGHT = 120;
const TOP = 40;
const BOTTOM = 52;

interface Line {
  label: string;
  colour: string;
  dashed?: boolean;
  of: (point: ScorePoint) => number | undefined;
}

const scoreLines: Line[] = [
  { label: "efficacy ES", colour: "#5b3fa0", of: ({ scores }) => scores?.ES },
  { label: "paraphrase PS", colour: "#1b7a4b", of: ({ scores }) => scores?.PS },
  { label: "neighbourhood NS", colour: "#b4442c", of: ({ scores }) => scores?.NS },
];
const normLine: Line = {
  label: "‖ΔW‖/‖W‖",
  colour: "#555",
  dashed: true,
  of: ({ norm }) => norm,
};

/**
 * Efficacy, paraphrase and neighbourhood scores along an axis, and ‖ΔW‖/‖W‖ where points have it, on the same scale from 0
 * to 1 or to the largest: an SVG that reads on light and dark paper.
 */
export function scorePlot(points: ScorePoint[], words: ScorePlotText): string {
  const places = points.map(({ at }) => at);
  const ends = [Math.min(...places), Math.max(...places)];
  const across = [LEFT, WIDTH - RIGHT];
  const x = words.logarithmic ? scaleLog(ends, across) : scaleLinear(ends, across);
  const most = Math.max(1, ...points.map(({ norm }) => norm ?? 0));
  const y = scaleLinear([0, most], [HEIGHT - BOTTOM, TOP]);
  const lines = points.some(({ norm }) => norm !== undefined)
    ? [...scoreLines, normLine]
    : scoreLines;
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 22, words.title, 'font-weight="600"'),
    ...y.ticks(5).map((tick) => horizontal(y(tick), `${Math.round(100 * tick)} %`)),
    ...points.map(({ at, label }) => mark(x(at), label)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, words.axis, 'text-anchor="middle"'),
    ...labelled(lines, points, { x, y }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">\n${parts.join("\n")}\n</svg>\n`;
}

interface Scales {
  x: (at: number) => number;
  y: (score: number) => number;
}

/** The lines, their points, and a label at each one's end, moved apart where two would touch. */
function labelled(lines: Line[], points: ScorePoint[], { x, y }: Scales): string[] {
  const drawn = lines.flatMap((line) => {
    const at = points.flatMap((point) => {
      const value = line.of(point);
      return value === undefined ? [] : [[x(point.at), y(value)] as const];
    });
    return at.length > 0 ? [{ ...line, at, end: at[at.length - 1] }] : [];
  });
  const ends = drawn
    .map(({ label, colour, end: [at, height] }) => ({ label, colour, at, height }))
    .sort((a, b) => a.height - b.height);
  ends.forEach((end, i) => {
    if (i > 0) end.height = Math.max(end.height, ends[i - 1].height + 14);
  });
  return [
    ...drawn.flatMap(({ colour, dashed, at }) => {
      const path = at.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
      const dash = dashed ? ' stroke-dasharray="5 4"' : "";
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
        ...at.map(
          ([px, py]) =>
            `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`,
        ),
      ];
    }),
    ...ends.map(({ label, colour, at, height }) =>
      text(at + 8, height + 4, label, `fill="${colour}"`),
    ),
  ];
}

const horizontal = (at: number, label: string): string =>
  `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>${text(LEFT - 6, at + 4, label, 'text-anchor="end"')}`;

const mark = (at: number, label: string): string =>
  `<line x1="${at}" x2="${at}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 5}" stroke="#333"/>${text(at, HEIGHT - BOTTOM + 19, label, 'text-anchor="middle"')}`;

const text = (x: number, y: number, words: string, attributes = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes.includes("fill=") ? "" : 'fill="#222" '}${attributes}>${words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</text>`;
