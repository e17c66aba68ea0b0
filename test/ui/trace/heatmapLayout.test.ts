import { expect, test } from "vitest";
import { textWidth } from "../../../src/data/figure/textWidth.ts";
import { barTicks, type HeatmapData } from "../../../src/ui/trace/heatmap.ts";
import { heatmapMarks, type Label } from "../../../src/ui/trace/heatmapMarks.ts";

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where a word's letters are: capitals and what hangs below the line. */
function boxOf({ kind, text, x, y, subject }: Label): Box {
  const size = kind === "token" ? 12 : 11;
  const width = textWidth(text, { size, bold: subject });
  const left = { token: x - width, tick: x - width / 2, value: x, quantity: x - width }[kind];
  const line = kind === "token" || kind === "value" ? y + 0.35 * size : y;
  return { text, left, right: left + width, top: line - 0.74 * size, bottom: line + 0.22 * size };
}

const words = ["The", " Hagia", " Sophia", " cathedral", " in", " Köln", " 東京", "⟨C3⟩", " an"];

/** A trace of some size, whose scores lie between two values. */
function traced(
  layers: number,
  tokens: number,
  { low = 0.02, high = 0.98, answer = " San Francisco" } = {},
): HeatmapData {
  const count = layers * tokens;
  return {
    kind: "mlp",
    window: 10,
    model: "EleutherAI/gpt-neox-20b",
    layers,
    answer,
    tokens: Array.from({ length: tokens }, (_, i) => words[i % words.length]),
    subjectRange: [1, 3],
    lowScore: low,
    highScore: high,
    scores: Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / count),
  };
}

/** Words over words, over cells or beyond the edge. */
function collisions(data: HeatmapData, width: number): string[] {
  const { box, bottom, labels } = heatmapMarks(data, width);
  const boxes = labels.map(boxOf);
  const cells = { text: "cells", left: box.left, right: box.bar.left + 10, top: box.top, bottom };
  const all = [...boxes, cells];
  const pairs = all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));
  const over = pairs.filter(
    ([a, b]) =>
      a.left < b.right && b.left < a.right && a.top < b.bottom - 0.01 && b.top < a.bottom - 0.01,
  );
  const beyond = boxes.filter(
    ({ left, right, top, bottom }) =>
      left < -0.01 || right > box.width + 0.01 || top < 0 || bottom > box.height,
  );
  return [...over.map(([a, b]) => `${a.text} over ${b.text}`), ...beyond.map(({ text }) => text)];
}

const layerCounts = [1, 2, 3, 6, 8, 12, 13, 24, 28, 32, 44, 48];
const tokenCounts = [5, 6, 10, 11, 20, 21, 40, 60];

test("no word touches another, the cells or the edge, from 1 to 48 layers and 5 to 60 tokens", () => {
  for (const layers of layerCounts)
    for (const tokens of tokenCounts)
      for (const width of [240, 456, 1600])
        expect(collisions(traced(layers, tokens), width), `${layers}×${tokens} ${width}`).toEqual(
          [],
        );
});

test("nor with an answer of many words, or values that need many digits", () => {
  for (const [low, high] of [
    [1e-17, 2e-16],
    [0.00012, 0.00024],
    [0.98001, 0.98009],
    [0.5, 0.1],
    [0.25, 0.25],
  ])
    for (const layers of [1, 12, 48]) {
      const answer = " the capital of the Holy Roman Empire of the German Nation, Aachen";
      expect(collisions(traced(layers, 5, { low, high, answer }), 240)).toEqual([]);
    }
});

test("the ticks of the colours tell their values apart in as few digits as that takes", () => {
  const labels = (low: number, high: number) =>
    barTicks(traced(12, 8, { low, high })).map(({ label }) => label);
  expect(labels(0.00012, 0.00024)).toEqual([
    "1.2e−4",
    "1.4e−4",
    "1.6e−4",
    "1.8e−4",
    "2.0e−4",
    "2.2e−4",
  ]);
  expect(labels(1e-17, 2e-16)).toContain("1.0e−16");
  expect(labels(0, 0.98)).toEqual(["0", "0.2", "0.4", "0.6", "0.8"]);
  for (const [low, high] of [
    [0.98001, 0.98009],
    [0.0002, 0.0003],
    [0.1, 0.9],
    [3e-9, 7e-4],
  ]) {
    const all = labels(low, high);
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all.map((text) => text.length))).toBeLessThan(9);
  }
});

test("cells are wide enough for a pointer with 48 layers: what has no room scrolls", () => {
  const { box } = heatmapMarks(traced(48, 12), 300);
  expect(box.cell.width).toBeGreaterThanOrEqual(7);
  expect(box.width).toBeGreaterThan(300);
});

test("a difference has a scale of its own, as far below zero as above", () => {
  const difference = { title: "Before less after", quantity: "Δp(Paris)" };
  const scores = Float32Array.of(-0.2, 0.1, 0, 0.05, 0, 0, 0, 0, 0, 0);
  const data = { ...traced(2, 5), scores, difference };
  const { rows, labels } = heatmapMarks(data, 300);
  expect(rows[0][0].fill).not.toBe(rows[0][1].fill);
  expect(labels.map(({ text }) => text)).toEqual(
    expect.arrayContaining(["Δp(Paris)", "−0.1", "0"]),
  );
});
