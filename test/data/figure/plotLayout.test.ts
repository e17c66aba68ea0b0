import { describe, expect, test } from "vitest";
import { drawPlot, paperInk, plotSvg } from "../../../src/data/figure/drawPlot.ts";
import { plotCsv } from "../../../src/data/figure/plotCsv.ts";
import { type PlotFigure, plotDescription } from "../../../src/data/figure/PlotFigure.ts";
import { binsOf, plotFonts, plotLayout } from "../../../src/data/figure/plotLayout.ts";
import { type TextStyle, textWidth } from "../../../src/data/figure/textWidth.ts";

const named = ["efficacy ES", "paraphrase PS", "neighbourhood NS", "‖ΔW‖/‖W‖"];
/** Lines over so many layers, whose ends lie upon each other. */
const lines = (layers: number, log = false): PlotFigure => ({
  name: "sweep",
  title:
    "ROME on EleutherAI/gpt-j-6b, 1,000 facts, each alone, with a title that needs two lines or three",
  x: { label: "layer", ticks: Array.from({ length: layers }, (_, i) => i) },
  y: {
    label: "p of the answer",
    as: log ? undefined : "percent",
    log,
    from: log ? undefined : 0,
  },
  series: named.map((name, i) => ({
    kind: "line",
    name,
    points: Array.from({ length: layers }, (_, x) => ({
      x,
      y: 0.9 - 0.001 * i,
      low: 0.85,
      high: 0.95,
    })),
  })),
});
const tiny: PlotFigure = {
  ...lines(6),
  y: { label: "p" },
  series: [
    {
      kind: "line",
      name: "p",
      points: [
        { x: 0, y: 2e-16 },
        { x: 5, y: 7e-16 },
      ],
    },
  ],
};

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where every word of a layout is, by the widths that its fonts have at most. */
function boxesOf(figure: PlotFigure, width: number): { boxes: Box[]; height: number } {
  const layout = plotLayout(figure, { width, titled: true });
  const small: TextStyle = { size: plotFonts.word };
  const large = { size: plotFonts.title, bold: true };
  const box = (text: string, [x, y]: [number, number], anchor: string, style = small): Box => {
    const wide = textWidth(text, style);
    const left = anchor === "start" ? x : anchor === "end" ? x - wide : x - wide / 2;
    return { text, left, right: left + wide, top: y - style.size * 0.72, bottom: y };
  };
  const boxes = [
    ...layout.words.map(({ kind, text, x, y, anchor }) =>
      box(text, [x, y], anchor, kind === "title" ? large : small),
    ),
    ...layout.y.ticks.map(({ label, at }) => box(label, [layout.left - 8, at + 4], "end")),
    ...layout.x.ticks
      .filter(({ label }) => label)
      .map(({ label, at }) => box(label, [at, layout.bottom + 17], "middle")),
  ];
  return { boxes, height: layout.height };
}

const isApart = (one: Box, other: Box) =>
  one.right <= other.left ||
  other.right <= one.left ||
  one.bottom <= other.top ||
  other.bottom <= one.top;

describe.each([240, 340, 600, 1200])("%d pixels wide", (width) => {
  test.each([
    ["1 layer", lines(1)],
    ["6 layers", lines(6)],
    ["48 layers", lines(48)],
    ["a logarithmic axis", lines(12, true)],
    ["tiny values", tiny],
  ] as [string, PlotFigure][])("no two words touch, and none is cut: %s", (_, figure) => {
    const { boxes, height } = boxesOf(figure, width);
    for (const [i, one] of boxes.entries()) {
      expect.soft(one.left, one.text).toBeGreaterThanOrEqual(-0.5);
      expect.soft(one.right, one.text).toBeLessThanOrEqual(width + 0.5);
      expect.soft(one.bottom, one.text).toBeLessThanOrEqual(height);
      for (const other of boxes.slice(i + 1))
        expect.soft(isApart(one, other), `${one.text} and ${other.text}`).toBe(true);
    }
  });
});

test("a file has its title, what it shows, its lines, bands and points, and no style of a page", () => {
  const svg = plotSvg({ ...lines(3), title: "p(Köln) < 1" }, { width: 500 });
  expect(svg).toContain('<title id="title">p(Köln) &lt; 1</title>');
  expect(svg).toContain("efficacy ES: 0: 90.0 %, 1: 90.0 %, 2: 90.0 %");
  expect(svg.match(/aria-label="line"/g)).toHaveLength(4);
  expect(svg.match(/aria-label="area"/g)).toHaveLength(4);
  expect(svg.match(/<circle/g)).toHaveLength(12);
  expect(svg).not.toMatch(/<style|var\(|NaN|undefined/);
});

test("bars stand side by side with their intervals", () => {
  const bars = (name: string) => ({
    kind: "bars" as const,
    name,
    bars: [
      { x: "f16", y: 1, low: 0.9, high: 1 },
      { x: "q4", y: 0.5 },
    ],
  });
  const svg = plotSvg({
    name: "bars",
    title: "Fewer bits",
    x: { label: "weights" },
    y: { label: "", as: "percent", from: 0, to: 1 },
    series: [bars("recalled"), bars("ES")],
  });
  for (const word of ["f16", "q4", "recalled", "ES", "100 %"]) expect(svg).toContain(`>${word}<`);
  expect(svg).toContain('aria-label="rule"');
  expect(svg).not.toContain("NaN");
});

test("a histogram has a bin for each whole number where they are few, and round ends elsewhere", () => {
  const counts = (values: number[], bins?: number) =>
    binsOf({ kind: "histogram", name: "", values, bins }).map(({ count }) => count);
  expect(counts([0, 1, 1, 3])).toEqual([1, 2, 0, 1]);
  expect(counts([0.1, 0.2, 0.95], 5)).toEqual([1, 1, 0, 0, 1]);
  expect(counts([])).toEqual([]);
});

test("a figure without any point has its axes", () => {
  const empty = { ...lines(0), series: lines(0).series.slice(0, 1) };
  expect(drawPlot(empty, { width: 300 }, paperInk).marks.join("")).not.toContain("NaN");
  expect(plotDescription({ ...empty, series: [] })).toContain("Nothing yet");
});

test("its numbers are a CSV with every digit, in which a spreadsheet runs nothing", () => {
  const series = [{ kind: "line" as const, name: "=1+1", points: [{ x: 0, y: 1 / 3, low: 0.1 }] }];
  expect(plotCsv({ ...lines(1), series })).toBe(
    "series,layer,p of the answer,low,high\n'=1+1,0,0.3333333333333333,0.1,\n",
  );
});
