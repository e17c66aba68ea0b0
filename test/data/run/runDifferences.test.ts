import { expect, test } from "vitest";
import { runDifferences } from "../../../src/data/run/runDifferences.ts";

test("settings that differ are called as the form calls them", () => {
  const fields = [
    { name: "clampFactor", label: "Clamp factor" },
    { name: "klFactor", label: "KL factor" },
  ];
  const settings = { editor: "rome", clampFactor: 4, klFactor: 0.1, mystery: 1 };
  const now = { settings: { editor: "memit", clampFactor: 10, klFactor: 1, mystery: 2 } };
  expect(runDifferences({ settings }, now, fields)).toEqual([
    "the method",
    "the clamp factor",
    "the KL factor",
    "the mystery",
  ]);
});
