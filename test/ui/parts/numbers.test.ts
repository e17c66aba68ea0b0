import { expect, test } from "vitest";
import { fileName } from "../../../src/data/fileName.ts";
import { bytes, bytesOf } from "../../../src/data/sizes.ts";
import {
  counted,
  parameterCount,
  duration,
  percent,
  probability,
  short,
} from "../../../src/ui/parts/numbers.ts";
import { asSentence } from "../../../src/ui/parts/sentence.ts";

test("probabilities keep three decimals, small ones their digits", () => {
  expect(probability(0.12345)).toBe("0.123");
  expect(probability(0.00001234)).toBe("1.2e−5");
  expect(probability(-0.25)).toBe("−0.250");
  expect(probability(0)).toBe("0.000");
  expect(probability(NaN)).toBe("–");
});

test("fractions, numbers and times as a reader says them", () => {
  expect(percent(2 / 3)).toBe("66.7 %");
  expect(percent(NaN)).toBe("–");
  expect(short(0.061234)).toBe("0.0612");
  expect(short(-12345)).toBe("−1.23e4");
  expect(duration(0.2)).toBe("1 s");
  expect(duration(75)).toBe("1 min 15 s");
  expect(duration(7500)).toBe("2 h 5 min");
});

test("a message becomes a sentence once", () => {
  expect(asSentence("no model")).toBe("No model.");
  expect(asSentence("Why?")).toBe("Why?");
});

test("file names are made of letters of any script, without marks", () => {
  expect(fileName("rome", "Šťastný, P.", "Paris")).toBe("rome-stastny-p-paris");
  expect(fileName("東京")).toBe("東京");
  expect(fileName("–")).toBe("palimpsest");
});

test.each([
  [12, "12 bytes"],
  [2_100, "2.1 kB"],
  [85_196_800, "85 MB"],
  [1_073_741_824, "1.1 GB"],
])("%d bytes are %s", (size, text) => {
  expect(bytes(size)).toBe(text);
});

test.each([
  [0, 6.43e9, "0 of 6.4 GB"],
  [1.2e9, 6.43e9, "1.2 of 6.4 GB"],
  [85e6, 6.43e9, "85 MB of 6.4 GB"],
  [16.8e6, 35e6, "17 of 35 MB"],
  [6.43e9, 6.43e9, "6.4 of 6.4 GB"],
])("%d of %d bytes are %s", (part, whole, text) => {
  expect(bytesOf(part, whole)).toBe(text);
});

test.each([
  [8_400_000, "8 M"],
  [999_600_000, "1.0 B"],
  [6_050_882_784, "6.1 B"],
  [5_000, "5 k"],
])("%d weights are %s", (count, text) => {
  expect(parameterCount(count)).toBe(text);
});

test("things are counted as a reader says them", () => {
  expect([0, 1, 2].map((n) => counted(n, "neighbour"))).toEqual([
    "no neighbours",
    "1 neighbour",
    "2 neighbours",
  ]);
});
