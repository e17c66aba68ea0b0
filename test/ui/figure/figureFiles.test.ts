import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { readNpz, writeNpz } from "../../../src/data/archive/npz.ts";
import { crc32 } from "../../../src/data/archive/crc32.ts";
import { runLines } from "../../../src/data/figure/FigureAbout.ts";
import { pngFile } from "../../../src/data/figure/pngFile.ts";
import { svgFile } from "../../../src/data/figure/svgFile.ts";
import { clippedTo, textWidth, wrapped } from "../../../src/data/figure/textWidth.ts";
import { fileName } from "../../../src/data/fileName.ts";
import type { RunContext } from "../../../src/data/run/RunContext.ts";
import type { Trace } from "../../../src/data/trace/Trace.ts";
import { traceCsv } from "../../../src/data/trace/traceCsv.ts";
import { traceNpz } from "../../../src/data/trace/traceNpz.ts";

const run: RunContext = {
  kind: "trace",
  model: { stamp: "ab".repeat(32), precision: "q8", id: "gpt2-xl", revision: "main" },
  edits: [{ id: "a", title: "ROME: The Louvre, London", digest: "cd".repeat(32), strength: 1 }],
  fact: { prompt: "{} is in", subject: "The Louvre", answer: " Paris" },
  settings: { noise: { kind: "sigma", factor: 3 }, samples: 10, window: 10 },
  seed: 7,
  sigma: { value: 0.0617, set: "the 499 facts of the built-in model", subjects: 499 },
  version: "0.1.0",
  begun: "2026-11-21T10:00:00.000Z",
};
const about = { title: "Impact of <state>", description: "p(Köln) & more — 東京", run };

/** A PNG's chunks, whose checksums must be right. */
function chunksOf(png: Uint8Array): [name: string, data: Uint8Array][] {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks: [string, Uint8Array][] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    expect(view.getUint32(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    const name = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    chunks.push([name, png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}

/** One grey pixel, as an encoder writes it. */
const pixel = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
  ),
  (letter) => letter.charCodeAt(0),
);

test("a PNG says how large it is meant, and what it is of", () => {
  const chunks = chunksOf(pngFile(pixel, about, 300));
  expect(chunks.map(([name]) => name)).toEqual(
    expect.arrayContaining(["IHDR", "pHYs", "tEXt", "iTXt", "IDAT", "IEND"]),
  );
  const named = Object.fromEntries(chunks);
  expect(new DataView(named.pHYs.slice().buffer).getUint32(0)).toBe(11811);
  expect(inflateSync(named.IDAT)).toHaveLength(2);
  const words = chunks
    .filter(([name]) => /Xt$/.test(name))
    .map(([, data]) => new TextDecoder().decode(data));
  expect(words).toContain("Title\0Impact of <state>");
  expect(words).toContain("Description\0\0\0\0\0p(Köln) & more — 東京");
  const json = words.find((text) => text.startsWith("palimpsest.run"))!;
  expect(JSON.parse(json.slice(json.lastIndexOf("\0") + 1))).toEqual(run);
});

test("an SVG has a title, a description and what it is of, and is XML whatever they hold", () => {
  const svg = svgFile({ width: 10, height: 10, marks: [] }, about);
  expect(svg).toContain('<title id="title">Impact of &lt;state&gt;</title>');
  expect(svg).toContain("p(Köln) &amp; more");
  const [, json] = /<metadata>(.*)<\/metadata>/.exec(svg)!;
  expect(JSON.parse(json.replaceAll("&quot;", '"'))).toEqual(run);
});

test("a trace's CSV and npz say model, edits, noise and seed", () => {
  const trace: Trace = {
    kind: "mlp",
    window: 10,
    tokens: ["a"],
    spellings: ["a"],
    tokenIds: [1],
    subjectRange: [0, 1],
    answer: " Paris",
    answerIds: [2],
    highScore: 0.9,
    lowScore: 0.1,
    scores: Float32Array.of(0.5),
    noiseLevel: 0.18,
    layers: 1,
    correctPrediction: true,
    blockTokens: 1,
  };
  const lines = traceCsv(trace, run).split("\r\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "# model: gpt2-xl",
      "# edits: ROME: The Louvre, London × 1 (cdcdcdcd)",
      "# noise: 3s",
      "# seed: 7",
      "# sigma: 0.0617, of the 499 facts of the built-in model",
      '"a",1,0.5',
    ]),
  );
  const read = readNpz(writeNpz(traceNpz(trace, run)));
  expect(read.run_model.data).toEqual(["gpt2-xl"]);
  expect(JSON.parse(String(read.run.data[0]))).toEqual(run);
  expect(runLines(run).map(([name]) => name)).toEqual(
    expect.arrayContaining(["stamp", "precision", "window", "software", "begun"]),
  );
});

test("a file's name is of whole words in every script, and ends after one", () => {
  expect(fileName("trace", "mlp", "The Space Needle")).toBe("trace-mlp-the-space-needle");
  expect(fileName("trace", "Köln", "東京")).toBe("trace-koln-東京");
  const long = fileName(
    ..."the quick brown fox jumps over the lazy dog and on and on ".repeat(3).split(" "),
  );
  expect(long.length).toBeLessThanOrEqual(80);
  expect(long).toMatch(/-(the|quick|brown|fox|jumps|over|lazy|dog|and|on)$/);
  expect(fileName("…")).toBe("palimpsest");
});

test("a text is clipped and wrapped to what it has room for", () => {
  const style = { size: 11 };
  const text = "center of interval of 10 restored MLP layers";
  expect(clippedTo(text, 1000, style)).toBe(text);
  expect(textWidth(clippedTo(text, 100, style), style)).toBeLessThanOrEqual(100);
  const lines = wrapped(text, 100, style);
  expect(lines.join(" ")).toBe(text);
  for (const line of lines) expect(textWidth(line, style)).toBeLessThanOrEqual(100);
});
