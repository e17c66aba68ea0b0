import { scaleLinear, scaleLog } from "d3-scale";
import { numberText, type PlotAxis, type PlotFigure, type PlotSeries } from "./PlotFigure.ts";
import { clippedTo, textWidth, wrapped } from "./textWidth.ts";
import { tickLabels } from "./tickLabels.ts";

/** A number at an axis: where it stands in pixels, and its text; empty where there is no room for one. */
export interface PlacedTick {
  value: number;
  at: number;
  label: string;
}

/** A word of the drawing. */
export interface PlotWord {
  kind: "title" | "axis" | "series";
  text: string;
  x: number;
  /** Its line, on which the letters stand. */
  y: number;
  anchor: "start" | "middle" | "end";
  /** Which of the series it names. */
  series?: number | undefined;
}

/** Where everything of a {@link PlotFigure} stands, in pixels: each word has room of its own. */
export interface PlotLayout {
  width: number;
  height: number;
  /** The box of what is drawn. */
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: { domain: [number, number]; log: boolean; ticks: PlacedTick[]; categories: string[] };
  y: { domain: [number, number]; log: boolean; ticks: PlacedTick[] };
  words: PlotWord[];
}

/** How large it is. */
export interface PlotSize {
  width: number;
  /** Of the box, without the words around it. */
  inside?: number | undefined;
  /** Whether its title stands in it. */
  titled?: boolean | undefined;
}

/** Sizes of the words. */
export const plotFonts = { title: 13, word: 11 } as const;

const word = { size: plotFonts.word };
const heading = { size: plotFonts.title, bold: true };
/** From one line of words to the next, of the title and of the others. */
const LINE = { title: 17, word: 15 };
/** Between a number and its axis, between a line's end and its name, and at the edges. */
const GAP = { y: 9, name: 7, edge: 2 };
const INSIDE = 220;
/** Names stand at the ends of lines where they take at most this share of the width. */
const SHARE = 0.34;

/** The layout of a figure of some width. */
export function plotLayout(figure: PlotFigure, size: PlotSize): PlotLayout {
  const { width, inside = INSIDE, titled = false } = size;
  const title = titled ? wrapped(figure.title, width, heading) : [];
  const scale = verticalScale(figure);
  const numbers = ticksOf(figure.y, scale, Math.max(2, Math.floor(inside / 44)));
  const left = Math.ceil(widest(numbers.map(({ label }) => label))) + GAP.y + GAP.edge;
  const names = named(figure.series);
  const ends = endsOf(figure.series);
  const room = Math.ceil(widest(ends.map(({ name }) => name))) + GAP.name + GAP.edge;
  const atEnds = ends.length > 0 && room <= width * SHARE;
  const right = width - (atEnds ? room : 12);
  const legend = atEnds || names.length < 2 ? [] : legendLines(names, width);
  const above = title.length * LINE.title + legend.length * LINE.word;
  const top = above + (figure.y.label ? LINE.word : 0) + 8;
  const bottom = top + inside;
  const y = scale.copy().range([bottom, top]);
  const x = horizontal(figure, left, right);
  const across = wrapped(figure.x.label, width, word);
  const words: PlotWord[] = [
    ...title.map((text, i) => at("title", text, 0, 12 + i * LINE.title)),
    ...legend.flatMap((line, i) =>
      legendWords(line, title.length * LINE.title + 11 + i * LINE.word),
    ),
    ...(figure.y.label ? [at("axis", clippedTo(figure.y.label, width, word), 0, above + 11)] : []),
    ...across.map((text, i): PlotWord => {
      const half = textWidth(text, word) / 2;
      const middle = Math.max(half, Math.min(width - half, (left + right) / 2));
      return { ...at("axis", text, middle, bottom + 33 + i * LINE.word), anchor: "middle" };
    }),
    ...(atEnds ? endWords(ends, { x: x.of, y, bottom, top }) : []),
  ];
  return {
    width,
    height: bottom + 22 + across.length * LINE.word,
    left,
    right,
    top,
    bottom,
    x: { domain: x.domain, log: x.log, ticks: x.ticks, categories: x.categories },
    y: {
      domain: y.domain() as [number, number],
      log: figure.y.log === true,
      ticks: numbers.map((tick) => ({ ...tick, at: y(tick.value) })),
    },
    words,
  };
}

const at = (kind: PlotWord["kind"], text: string, x: number, y: number): PlotWord => ({
  kind,
  text,
  x,
  y,
  anchor: "start",
});

const widest = (texts: readonly string[]) =>
  Math.max(0, ...texts.map((text) => textWidth(text, word)));

const named = (series: readonly PlotSeries[]) =>
  series.map(({ name }, i) => ({ name, series: i })).filter(({ name }) => name);

/** The last point of every line that has one. */
const endsOf = (series: readonly PlotSeries[]) =>
  series.flatMap((one, i) => {
    const last =
      one.kind === "line" ? one.points.findLast(({ y }) => Number.isFinite(y)) : undefined;
    return last && one.name ? [{ name: one.name, series: i, x: last.x, y: last.y }] : [];
  });

type Name = ReturnType<typeof named>[number];

/** Names one after the other, each behind its mark, in lines of at most `width`. */
function legendLines(names: readonly Name[], width: number): (Name & { x: number })[][] {
  const lines: (Name & { x: number })[][] = [];
  let x = Infinity;
  for (const one of names) {
    const text = clippedTo(one.name, width - 20, word);
    const wide = textWidth(text, word) + 34;
    if (x + wide - 14 > width) {
      lines.push([]);
      x = 0;
    }
    lines[lines.length - 1].push({ ...one, name: text, x });
    x += wide;
  }
  return lines;
}

const legendWords = (line: readonly (Name & { x: number })[], y: number): PlotWord[] =>
  line.map(({ name, x, series }) => ({ ...at("series", name, x + 20, y), series }));

/** Names at the ends of lines, moved apart where they would touch. */
function endWords(
  ends: ReturnType<typeof endsOf>,
  to: { x: (x: number) => number; y: (y: number) => number; top: number; bottom: number },
): PlotWord[] {
  const placed = ends.map(({ name, series, x, y }) => ({
    name,
    series,
    x: to.x(x),
    y: to.y(y) + 4,
  }));
  placed.sort((a, b) => a.y - b.y);
  placed.forEach((one, i) => {
    const before = i > 0 ? placed[i - 1].y + 14 : to.top + 8;
    one.y = Math.max(one.y, before);
  });
  const over = Math.max(0, (placed.at(-1)?.y ?? 0) - to.bottom);
  return placed.map(({ name, series, x, y }) => ({
    ...at("series", name, x + GAP.name, y - over),
    series,
  }));
}

/** The lowest and the highest that is drawn, in numbers of the y axis. */
function verticalScale(figure: PlotFigure) {
  const { y, series } = figure;
  const finite = series.flatMap(heights).filter(Number.isFinite);
  const said = [y.from, y.to].filter((value) => value !== undefined);
  const values = [...finite, ...said];
  if (y.log) {
    const positive = values.filter((value) => value > 0);
    const ends = positive.length > 0 ? [Math.min(...positive), Math.max(...positive)] : [1, 10];
    return scaleLog(ends[0] === ends[1] ? [ends[0] / 2, ends[1] * 2] : ends, [1, 0]).nice();
  }
  const low = Math.min(0, ...values);
  const high = Math.max(...(values.length > 0 ? values : [1]));
  const scale = scaleLinear([low, high > low ? high : low + 1], [1, 0]);
  return y.to !== undefined && high <= y.to ? scale : scale.nice(5);
}

function heights(series: PlotSeries): number[] {
  if (series.kind === "histogram") return binsOf(series).map(({ count }) => count);
  const points = series.kind === "line" ? series.points : series.bars;
  return points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
}

/** The numbers at the y axis, in one form. */
function ticksOf(axis: PlotAxis, scale: ReturnType<typeof verticalScale>, count: number) {
  if (axis.ticks) return labelled(axis, axis.ticks);
  return labelled(axis, axis.log ? decades(scale.ticks(), count) : scale.ticks(count));
}

/** Of a logarithmic axis's numbers those that are 1, 2 or 5 times a power of ten, or the powers alone where they are many. */
function decades(all: readonly number[], count: number): number[] {
  const first = (value: number) => Number(value.toExponential()[0]);
  const some = all.filter((value) => [1, 2, 5].includes(first(value)));
  const powers = some.filter((value) => first(value) === 1);
  if (some.length <= count + 2 || powers.length < 2) return some;
  return powers.filter((_, i) => i % Math.ceil(powers.length / (count + 2)) === 0);
}

const labelled = (axis: PlotAxis, values: readonly number[]) =>
  axis.as === "percent"
    ? percents(values)
    : axis.log
      ? values.map((value) => ({ value, label: numberText(value, axis) }))
      : tickLabels(values);

const percents = (values: readonly number[]) =>
  tickLabels(values.map((value) => Number((100 * value).toPrecision(12)))).map(({ label }, i) => ({
    value: values[i],
    label: `${label} %`,
  }));

/** The x axis: numbers, or the bars' names. */
function horizontal({ x: axis, series }: PlotFigure, left: number, right: number) {
  const bars = series.flatMap((one) => (one.kind === "bars" ? one.bars : []));
  const categories = [...new Set(bars.map(({ x }) => x))];
  const log = axis.log === true;
  const places = series.flatMap((one) => {
    if (one.kind === "line") return one.points.map(({ x }) => x);
    return one.kind === "histogram" ? binsOf(one).flatMap(({ from, to }) => [from, to]) : [];
  });
  const said = [axis.from, axis.to].filter((value) => value !== undefined);
  const values = [...places, ...(axis.ticks ?? []), ...said].filter(Number.isFinite);
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const domain: [number, number] =
    low < high ? [low, high] : log ? [low / 2, low * 2] : [low - 1, low + 1];
  const of = (log ? scaleLog : scaleLinear)(domain, [left, right]);
  const count = Math.max(2, Math.floor((right - left) / 60));
  const free = () => (log ? decades(of.ticks(), count) : of.ticks(count));
  // Bins of whole numbers end between them.
  const whole = series.some(
    (one) => one.kind === "histogram" && one.values.every(Number.isInteger),
  );
  const wanted = axis.ticks ?? (whole ? free().filter(Number.isInteger) : free());
  const ticks = labelled(axis, wanted).map((tick) => ({ ...tick, at: of(tick.value) }));
  return { domain, log, of, categories, ticks: apart(ticks) };
}

/** Numbers that would touch the one before lose their text. */
function apart(ticks: PlacedTick[]): PlacedTick[] {
  let end = -Infinity;
  return ticks.map((tick) => {
    const half = textWidth(tick.label, word) / 2;
    if (tick.at - half < end + 6) return { ...tick, label: "" };
    end = tick.at + half;
    return tick;
  });
}

/** A bin of a histogram. */
export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Bins of equal width with round ends; whole numbers have one each where they are few. */
export function binsOf({ values, bins = 12 }: Extract<PlotSeries, { kind: "histogram" }>): Bin[] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (finite.every(Number.isInteger) && high - low < 60) {
    const counts = Array.from({ length: high - low + 1 }, () => 0);
    for (const value of finite) counts[value - low]++;
    return counts.map((count, i) => ({ from: low + i - 0.5, to: low + i + 0.5, count }));
  }
  const edges = scaleLinear([low, high > low ? high : low + 1])
    .nice(bins)
    .ticks(bins);
  return edges.slice(1).map((to, i) => {
    const inside = (value: number) => value >= edges[i] && (value < to || i === edges.length - 2);
    return { from: edges[i], to, count: finite.filter(inside).length };
  });
}
