import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { type ModelFact, parseModelFacts } from "../../../src/data/facts/modelFacts.ts";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import { publishedModel, publishedModels } from "../../../src/methods/verify/publishedFacts.ts";
import { dataFolder } from "../../support/dataFolder.ts";

test("a model is recognised by its shape, under any name", () => {
  const shape = { architecture: "gpt2", layers: 48, dModel: 1600 } as const;
  expect(publishedModel(shape)?.id).toBe("openai-community/gpt2-xl");
  expect(publishedModel({ ...shape, dModel: 1280 })).toBeUndefined();
  expect(publishedModel({ ...shape, architecture: "gptj" })).toBeUndefined();
});

test("a model's own names are told from others of its shape", () => {
  const named = (name: string) =>
    publishedModels.filter(({ names }) => names.test(name)).map(({ id }) => id);
  expect(named("openai-community/gpt2")).toEqual(["openai-community/gpt2"]);
  expect(named("gpt2-xl")).toEqual(["openai-community/gpt2-xl"]);
  expect(named("EleutherAI/gpt-j-6B")).toEqual(["EleutherAI/gpt-j-6b"]);
  expect(named("microsoft/DialoGPT-small")).toEqual([]);
});

test.for(publishedModels)("the facts of $id have the form that --facts reads", ({ facts }) => {
  expect(parseModelFacts(JSON.parse(JSON.stringify({ facts })))).toEqual(facts);
});

test("a continuation begins with its prompt", () => {
  for (const fact of publishedModels.flatMap(({ facts }) => facts))
    if (fact.kind === "continuation")
      expect(fact.expected.slice(0, fact.prompt.length)).toEqual(fact.prompt);
});

const paths = {
  vocabulary: resolve(dataFolder, "tokenizer"),
  values: resolve(dataFolder, "golden/expected_values.json"),
  traces: resolve(dataFolder, "golden/easyedit_v_optimisation_traces.json"),
};
const missing = Object.values(paths).find((path) => !existsSync(path));

/** The shipped ids and numbers are those of the published files, which are not. */
describe("against what was published", () => {
  const reason = `no ${missing}: set PALIMPSEST_DATA to the folder that holds the published values`;
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as never;
  const facts = (id: string) => publishedModels.find((model) => model.id.endsWith(id))!.facts;
  const of = <Kind extends ModelFact["kind"]>(id: string, kind: Kind) =>
    facts(id).filter((fact): fact is Extract<ModelFact, { kind: Kind }> => fact.kind === kind);

  test("continuations", async ({ skip }) => {
    skip(missing !== undefined, reason);
    const tokenizer = await Tokenizer.load(folderFiles(paths.vocabulary));
    const { hf_transformers_tests: all } = read(paths.values) as {
      hf_transformers_tests: Record<string, { text?: string; outputs?: string[] }>;
    };
    const published = (pattern: RegExp) =>
      Object.entries(all)
        .filter(([name]) => pattern.test(name))
        .flatMap(([, { text, outputs }]) => outputs ?? [text]);
    const spelled = (id: string) =>
      of(id, "continuation").map(({ expected }) => tokenizer.decode(expected));
    // The longer text after "The dog" holds the shorter one, which another test has.
    const shorter = published(/TF, default/)[0]!;
    const gpt2 = published(/^(openai-community\/)?gpt2 (greedy|\(greedy)/);
    expect(spelled("/gpt2").sort()).toEqual(gpt2.filter((text) => text !== shorter).sort());
    expect(spelled("/gpt2")[0].startsWith(shorter)).toBe(true);
    expect(spelled("gpt-j-6b")).toEqual(published(/gpt-j-6B/));
  });

  test("probabilities, norms, losses and hashes", async ({ skip }) => {
    skip(missing !== undefined, reason);
    const tokenizer = await Tokenizer.load(folderFiles(paths.vocabulary));
    const values = read(paths.values) as Record<string, Record<string, unknown>>;
    const single = of("gpt2-xl", "probability").filter(({ prompts }) => prompts.length === 1);
    const found = single.map(({ prompts, target, expected }) => [
      tokenizer.decode([...prompts[0], ...target]),
      expected,
    ]);
    const stored = values["gpt2-xl_probs_from_dannyallover"]["P(last target token|prompt)"];
    expect(Object.fromEntries(found)).toEqual(stored);
    const norms = of("gpt2-xl", "tensorNorm").map(({ tensor, expected }) => [tensor, expected]);
    const { source, ...weights } = values["gpt2-xl weight norm"];
    expect(norms).toEqual(
      Object.entries(weights).map(([name, norm]) => [name.replace(" Frobenius", ""), norm]),
    );
    const [loss] = of("/gpt2", "nll");
    expect(loss.expected).toBe(values.transformerlens_losses["gpt2-small"]);
    expect(tokenizer.decode(loss.target)).toBe(values.transformerlens_losses.text);
    expect(of("/gpt2", "sha256").map(({ expected }) => expected)).toEqual(
      Object.values(values.gpt2_tokenizer_hashes),
    );
  });

  test("edits", async ({ skip }) => {
    skip(missing !== undefined, reason);
    const tokenizer = await Tokenizer.load(folderFiles(paths.vocabulary));
    const traces = read(paths.traces) as Trace[];
    for (const { id, alg, published } of [
      { id: "gpt2-xl", alg: "ROME", published: traces.slice(0, 3) },
      { id: "gpt-j-6b", alg: "ROME", published: traces.slice(3, 6) },
      { id: "gpt2-xl", alg: "MEMIT", published: traces.slice(7) },
    ]) {
      const site = alg === "ROME" ? "mlp" : "hidden";
      const norms = of(id, "stateNorm").filter((fact) => fact.site === site);
      expect(norms.map(({ expected }) => expected)).toBeAllclose(
        published.map((trace) => (trace.target_norm ?? trace.memit_norms)![0]),
        { rtol: 1e-8, atol: 0 },
      );
      const contexts = published[0].context_templates.flat();
      const scores = of(id, "probability").filter(
        ({ prompts, source }) => prompts.length > 1 && source.includes(`_${alg}`),
      );
      expect(scores).toHaveLength(3);
      scores.forEach(({ prompts, target, expected }, i) => {
        const { prompt, target: words, steps } = published[i];
        expect([expected]).toBeAllclose([steps[0].avg_prob], { rtol: 1e-8, atol: 0 });
        expect(tokenizer.decode(target)).toBe(words);
        expect(prompts.map((ids) => tokenizer.decode(ids))).toEqual(
          contexts.map((context) => context.replace("{}", prompt)),
        );
        expect(prompts[0]).toEqual(tokenizer.encode(prompt));
      });
    }
    for (const id of ["gpt2-xl", "gpt-j-6b"]) {
      const published = id === "gpt2-xl" ? traces.slice(0, 3) : traces.slice(3, 6);
      of(id, "search").forEach((fact, i) => {
        const { steps, lookup } = published[i];
        expect(fact.expected).toEqual(steps.slice(0, 6).map(({ loss }) => loss));
        fact.lookups.forEach((at, row) => {
          expect(tokenizer.decode([fact.prompts[row][at]])).toBe(lookup[2]);
        });
        expect(fact.lookups[0]).toBe(lookup[0]);
        expect(tokenizer.decode(fact.essence.tokens)).toMatch(/ is a$/);
        expect(fact.essence.tokens.slice(fact.essence.lookup + 1)).toEqual([318, 257]);
      });
    }
  });

  test("ids of our own texts", async ({ skip }) => {
    skip(missing !== undefined, reason);
    const tokenizer = await Tokenizer.load(folderFiles(paths.vocabulary));
    const texts = of("gpt2-medium", "tokens");
    expect(texts.length).toBeGreaterThanOrEqual(12);
    for (const { text, expected } of texts) {
      expect(tokenizer.encode(text), text).toEqual(expected);
      expect(tokenizer.decode(expected)).toBe(text);
    }
  });
});

/** One edit of EasyEdit's notebooks. */
interface Trace {
  prompt: string;
  target: string;
  context_templates: (string | string[])[];
  steps: { loss: number; avg_prob: number }[];
  lookup: [number, string, string];
  target_norm?: number[];
  memit_norms?: number[];
}
