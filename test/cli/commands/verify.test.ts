import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test as plainTest } from "vitest";
import type { ModelFact } from "../../../src/data/facts/modelFacts.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import type { Verified } from "../../../src/methods/verify/verifyFact.ts";
import { demoFiles, demoNumbers } from "../../support/methods/demo.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";

const path = fileURLToPath(new URL("../../golden/numbers/demo/facts.json", import.meta.url));
const { facts } = await demoNumbers<{ facts: ModelFact[] }>("facts.json");

const { layers, dModel } = await readConfig(demoFiles);

const demo = ["verify", "--model", "demo"];

plainTest("the built-in model says what transformers says, and is no published model", async () => {
  const { status, out } = await call(...demo, "--facts", path);
  expect(status).toBe(0);
  expect(out).toContain(
    `nothing is published here about demo (gpt2 of ${layers} layers × ${dModel})`,
  );
  expect(out).not.toContain("FAIL");
  expect(out.match(/^pass /gm)).toHaveLength(facts.length);
  const { results } = await callJson<{ results: Verified[] }>(...demo, "--facts", path);
  for (const { fact, value } of results) {
    // Far within what is allowed: float32 on one machine and float64 on another.
    if (fact.kind === "probability" || fact.kind === "nll" || fact.kind === "stateNorm")
      expect([value as number]).toBeAllclose([fact.expected], { rtol: 1e-4, atol: 0 });
  }
});

/** A fact with one wrong number, twice what is allowed or one token beside. */
function wrong(fact: ModelFact): ModelFact {
  switch (fact.kind) {
    case "continuation":
    case "tokens":
      return { ...fact, expected: [...fact.expected.slice(0, -1), fact.expected.at(-1)! + 1] };
    case "probability":
      return { ...fact, expected: fact.expected * Math.exp(0.02) };
    case "nll":
      return { ...fact, expected: fact.expected + 2 * (fact.tolerance ?? 0.01) };
    case "stateNorm":
      return { ...fact, expected: fact.expected * 1.002 };
    case "tensorNorm":
      return { ...fact, expected: fact.expected * 1.00002 };
    case "search":
      return { ...fact, expected: fact.expected.map((loss, i) => (i === 3 ? loss + 0.1 : loss)) };
    case "sha256":
      return { ...fact, expected: fact.expected.replace(/^./, "z") };
  }
}

describe("one wrong number fails alone", () => {
  const kinds = [...new Set(facts.map(({ kind }) => kind))];
  test.for(kinds)("%s", async (kind, { folder }) => {
    const at = facts.findIndex((fact) => fact.kind === kind);
    const some = facts.map((fact, i) => (i === at ? wrong(fact) : fact));
    const file = join(folder, "facts.json");
    await writeFile(file, JSON.stringify({ facts: some }));
    const { status, out, err } = await call(...demo, "--facts", file, "--json");
    expect(status).toBe(1);
    expect(err).toBe(`1 of ${facts.length} facts do not hold\n`);
    const { results } = JSON.parse(out) as { results: Verified[] };
    expect(results.map((result) => result.status)).toEqual(
      facts.map((_, i) => (i === at ? "fail" : "pass")),
    );
  });
});

test("a file that is not there is no failure", async ({ folder }) => {
  const file = join(folder, "facts.json");
  const hash = { kind: "sha256", source: "x", files: ["vocab.json"], expected: "0" };
  await writeFile(file, JSON.stringify({ facts: [hash] }));
  const { results } = await callJson<{ results: Verified[] }>(...demo, "--facts", file);
  expect(results.map(({ status }) => status)).toEqual(["absent"]);
});

test("what cannot be measured fails with the reason, and the rest is checked", async ({
  folder,
}) => {
  const file = join(folder, "facts.json");
  const norm = facts.find(({ kind }) => kind === "stateNorm")!;
  await writeFile(file, JSON.stringify({ facts: [{ ...norm, layer: layers }, norm] }));
  const { status, out } = await call(...demo, "--facts", file, "--json");
  expect(status).toBe(1);
  const { results } = JSON.parse(out) as { results: Verified[] };
  expect(results.map((result) => result.status)).toEqual(["fail", "pass"]);
  expect(results[0].found).toBe(`invalid layer: ${layers} (this model has 0–${layers - 1})`);
});

test("a model that nothing is published about is told so, with those that there are", async () => {
  const { status, err } = await call("verify", "--model", golden("tiny-gptj"));
  expect(status).toBe(1);
  expect(err).toBe(
    "nothing is published here about tiny-gptj (gptj of 3 layers × 24), only about openai-community/gpt2, openai-community/gpt2-medium, openai-community/gpt2-large, openai-community/gpt2-xl, EleutherAI/gpt-j-6b; give your own facts with --facts\n",
  );
});

test("a file of facts that is damaged is named", async ({ folder }) => {
  const file = join(folder, "facts.json");
  await writeFile(file, '{"facts": [{"kind": "prob"}]}');
  const { status, err } = await call(...demo, "--facts", file);
  expect(status).toBe(1);
  expect(err).toContain(`${file}: fact 0 has an unknown kind: "prob"`);
});
