import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test as plainTest } from "vitest";
import type { PrecisionResult } from "../../../src/studies/precision/precisionSummary.ts";
import { call, callJson, folderTest as test } from "../../support/call.ts";

const own = fileURLToPath(new URL("../../../public/facts.json", import.meta.url));

plainTest.for([
  [["--precisions", "f32,q5"], "invalid --precisions: q5 (of f32, f16, q8, q4)"],
  [["--traces", "0"], "invalid --traces: 0 (a whole number, 1 or more)"],
  [["--limit", "0"], "invalid --limit: 0 (a whole number, 1 or more)"],
  [[], "--cases is missing"],
] as [string[], string][])("%j is a wrong call", async ([args, sentence]) => {
  const found = await call("study", "precision", "--model", "demo", ...args);
  expect(found).toEqual({ status: 2, out: "", err: `${sentence}\n` });
});

test(
  "the built-in model's facts survive eight and four bits",
  { timeout: 200_000 },
  async ({ folder }) => {
    const { facts } = JSON.parse(await readFile(own, "utf8")) as { facts: unknown[] };
    const [cases, sentences] = ["cases.json", "sentences.txt"].map((name) => join(folder, name));
    await writeFile(cases, JSON.stringify({ facts: facts.slice(0, 3) }));
    await writeFile(sentences, "The ferry left the harbour.\nThe Space Needle is in Seattle.\n");
    const args = ["study", "precision", "--model", "demo", "--cases", cases];
    args.push("--sentences", sentences);
    const few = ["--limit", "1", "--traces", "2"];
    const { results } = await callJson<{ results: PrecisionResult[] }>(
      ...[...args, ...few, "--precisions", "q8,q4"],
    );
    expect(results.map(({ precision }) => precision)).toEqual(["q8", "q4"]);
    const [eight, four] = results;
    expect(eight.facts.all).toBe(facts.length + 3);
    // What the project asks of its rounding: at most 0.5 % and 3 % of the facts are lost.
    expect(eight.facts.lost).toBeLessThanOrEqual(0.005 * eight.facts.known);
    expect(four.facts.lost).toBeLessThanOrEqual(0.03 * four.facts.known);
    expect(four.kl).toBeGreaterThan(eight.kl);
    expect(four.bytes).toBeLessThan(eight.bytes);
    expect(four.traces.correlation).toBeGreaterThan(0.9);
    expect(four.edits?.cases).toBe(1);
  },
);
