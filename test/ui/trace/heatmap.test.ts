import { interpolateGreens, interpolatePurples } from "d3-scale-chromatic";
import { expect, test } from "vitest";
import {
  barTicks,
  colourScale,
  domain,
  rowLabel,
  title,
  xLabel,
  type HeatmapData,
} from "../../../src/ui/trace/heatmap.ts";
import { layerTicks, layout } from "../../../src/ui/trace/heatmapLayout.ts";
import { traceCsv } from "../../../src/data/trace/traceCsv.ts";
import { heatmapSvg } from "../../../src/ui/trace/heatmapSvg.ts";

const data: HeatmapData = {
  kind: "state",
  window: 3,
  model: "demo",
  layers: 2,
  answer: " Seattle",
  tokens: ["The", " Space", ' "<is>'],
  subjectRange: [0, 2],
  lowScore: 0.1,
  highScore: 0.9,
  scores: Float32Array.of(0.1, 0.2, 0.5, 0.05, 0.1, 0.3),
};

test("the low score is the floor of the colours and the greatest value the ceiling", () => {
  const colour = colourScale(data);
  expect(domain(data)).toEqual([0.1, 0.5]);
  expect(colour(0.1)).toBe(interpolatePurples(0));
  expect(colour(0.5)).toBe(interpolatePurples(1));
  expect(colour(0.05)).toBe(interpolatePurples(0));
  expect(colourScale({ ...data, kind: "mlp" })(0.3)).toBe(interpolateGreens(0.5));
});

test("gaps are no values, and before the first value the floor is the low score", () => {
  const scores = Float32Array.of(0.25, 0.5, NaN, NaN, NaN, NaN);
  expect(domain({ ...data, scores })).toEqual([0.1, 0.5]);
  expect(domain({ ...data, scores: scores.fill(NaN) })[0]).toBe(0.1);
});

test("titles, labels and stars are the paper’s", () => {
  expect(title("attn")).toBe("Impact of restoring Attn after corrupted input");
  expect(xLabel(data)).toBe("single restored layer within demo");
  expect(xLabel({ ...data, kind: "mlp" })).toBe("center of interval of 3 restored MLP layers");
  const alone = { ...data, kind: "attn", window: 1 } as const;
  expect(xLabel(alone)).toBe("single restored Attn layer within demo");
  expect(data.tokens.map((_, token) => rowLabel(data, token))).toEqual(["The*", "Space*", '"<is>']);
  expect(rowLabel({ ...data, tokens: [" ", "a", "b"] }, 0)).toBe("␣*");
  expect(layerTicks(48, 7)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45]);
  expect(layerTicks(8, 30)).toHaveLength(8);
});

test("the colour bar’s ticks lie between its ends", () => {
  const ticks = barTicks(data).map(({ value }) => value);
  expect(ticks.length).toBeGreaterThan(2);
  expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0.1);
  expect(Math.max(...ticks)).toBeLessThanOrEqual(0.5);
});

test("cells fill the width between labels and colour bar", () => {
  const { left, cell, bar } = layout(data, 400);
  expect(left + cell.width * data.layers).toBeLessThan(bar.left);
  expect(cell.width).toBeGreaterThan(80);
});

test("the CSV has a line per token and quotes what needs it", () => {
  const lines = traceCsv({ ...data, spellings: data.tokens })
    .trimEnd()
    .split("\r\n");
  expect(lines[0]).toBe("token,subject,layer 0,layer 1");
  expect(lines[1]).toMatch(/^"The",1,0\.1\d*,0\.2\d*$/);
  expect(lines[3]).toMatch(/^" ""<is>",0,/);
});

test("the SVG file has every known cell, the stars and escaped words", () => {
  const svg = heatmapSvg({ ...data, scores: Float32Array.of(0.1, 0.2, 0.5, NaN, NaN, NaN) });
  const cells = svg.slice(svg.indexOf("<g "), svg.indexOf("<text", svg.indexOf("<g ")));
  expect(cells.match(/<rect/g)).toHaveLength(3);
  expect(svg).toContain("The*");
  expect(svg).toContain("&lt;is&gt;");
  expect(svg).toContain("p(Seattle)");
  expect(svg).toContain(interpolatePurples(1));
});
