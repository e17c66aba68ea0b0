import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test as plainTest } from "vitest";
import { studyCommand } from "../../../src/cli/study/studyCommand.ts";
import { readRows, type Row } from "../../../src/data/rows/rows.ts";
import { editors } from "../../../src/methods/edit/editors.ts";
import { optionName } from "../../../src/data/settings/optionName.ts";
import { studies } from "../../../src/studies/studies.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";
import { nothing } from "../../support/studies/nothing/nothing.ts";

const model = ["--model", golden("tiny-gpt2")];
/** Facts that are this model's own answers, and one that is not. */
const facts = [
  ["In the old town, the {} is in the city of", "Harbour Lamp", " Port", "Brno"],
  ["{} is in the city of", "The Harbour Lamp", " Port", "Brno"],
  ["{} is in the city of", "The Glass Tower", "Nowhere", "Brno"],
].map(([prompt, subject, target, fresh], id) => ({
  id,
  relation: "place",
  prompt,
  subject,
  target,
  newTargets: [fresh],
  paraphrases: ["{} was built in"],
  neighbours: ["The Paper Mill is in the city of"],
}));
const settings = ["--identity", "--layer", "1", "--steps", "5"];

interface Summaries {
  cases: number;
  summary: Record<"before" | "after", { measures: Record<string, { mean: number }> }>;
}

async function writeCases(folder: string, some = facts): Promise<string> {
  const path = join(folder, "facts.json");
  await writeFile(path, JSON.stringify({ facts: some }));
  return path;
}

async function rowsOf(out: string): Promise<Row[]> {
  const { rows } = await readRows([await readFile(join(out, "rows.ndjson"), "utf8")], out);
  return rows.map(({ cost, ...row }) => row as Row);
}

const jsonOf = async (path: string) => JSON.parse(await readFile(path, "utf8")) as object;

describe("evaluate", () => {
  test("edits the known ones, each alone", async ({ folder }) => {
    const cases = await writeCases(folder);
    const evaluate = (out: string, ...more: string[]) =>
      callJson<Summaries>(
        ...["study", "evaluate", ...model, "--cases", cases, ...settings],
        ...["--out", join(folder, out), ...more],
      );
    const found = await evaluate("all");
    const rows = await rowsOf(join(folder, "all"));
    expect(rows.map((row) => row.case)).toEqual([0, 1]);
    const { before, after } = found.summary;
    expect(after.measures.EM.mean).toBeGreaterThan(before.measures.EM.mean);
    await evaluate("one", "--limit", "1");
    expect(await rowsOf(join(folder, "one"))).toEqual(rows.slice(0, 1));
    expect(await jsonOf(join(folder, "all", "study.json"))).toMatchObject({
      model: "tiny-gpt2",
      stamp: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      settings: { all: false },
      methods: [{ settings: { layer: 1, steps: 5, covariance: "I" } }],
      cases: {
        file: "facts.json",
        count: 3,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      filters: [{ name: "known", in: 3, out: 2 }],
    });
  });

  test("two shards are one run, and tables, CSV and JSON come from rows alone", async ({
    folder,
  }) => {
    const cases = await writeCases(folder);
    const out = (name: string) => join(folder, name);
    const evaluate = async (name: string, ...more: string[]) => {
      const how = ["--cases", cases, ...settings, "--out", out(name), ...more];
      expect(await call("study", "evaluate", ...model, ...how)).toMatchObject({ status: 0 });
    };
    await evaluate("whole");
    await evaluate("first", "--shard", "1/2");
    await evaluate("second", "--shard", "2/2");
    expect(await rowsOf(out("first"))).toHaveLength(1);
    const merged = await call("study", "summarise", out("first"), out("second"), "--out", out("m"));
    expect(merged.status).toBe(0);
    expect(await rowsOf(out("m"))).toEqual(await rowsOf(out("whole")));
    for (const name of ["summary.csv", "summary.json"]) {
      const [one, other] = ["m", "whole"].map((part) => readFile(join(out(part), name), "utf8"));
      expect(await one).toBe(await other);
      await rm(join(out("whole"), name));
    }
    const again = await call("study", "summarise", out("whole"));
    expect(again.out).toBe(merged.out);
    expect(await readFile(join(out("whole"), "summary.csv"), "utf8")).toContain("Efficacy score");
  });

  test("a record that lacks something is left out, told and counted", async ({ folder }) => {
    const { subject, ...broken } = facts[2];
    const cases = await writeCases(folder, [facts[0], broken as (typeof facts)[0], facts[1]]);
    const out = join(folder, "out");
    const made = await call(
      ...["study", "evaluate", ...model, "--cases", cases, ...settings, "--out", out],
    );
    expect(made.err).toMatch(/^left out: .*, record 2 lacks "subject"\n$/);
    expect(await jsonOf(join(out, "study.json"))).toMatchObject({
      filters: [
        { name: "complete", in: 3, out: 2 },
        { name: "known", in: 2, out: 2 },
      ],
    });
  });

  test("other settings are refused by the name of what differs, and the rows stay", async ({
    folder,
  }) => {
    const cases = await writeCases(folder, facts.slice(0, 1));
    const out = join(folder, "out");
    const evaluate = (...more: string[]) =>
      call("study", "evaluate", ...model, "--cases", cases, ...settings, "--out", out, ...more);
    expect((await evaluate()).status).toBe(0);
    const before = await readFile(join(out, "rows.ndjson"), "utf8");
    expect(await evaluate("--layer", "0")).toEqual({
      status: 1,
      out: "",
      err: `${out} holds rows of other settings (settings.layer: 1 there, 0 here); go on with those, or name another place for these\n`,
    });
    expect((await evaluate("--seed", "3")).err).toContain("(seed: 0 there, 3 here)");
    expect((await evaluate("--precision", "q8")).err).toContain("precision: f32 there, q8 here");
    await writeCases(folder, facts.slice(0, 2));
    expect((await evaluate()).err).toContain("cases.count: 1 there, 2 here");
    expect(await readFile(join(out, "rows.ndjson"), "utf8")).toBe(before);
  });
});

describe("sweep", () => {
  const tried = (results: Record<string, number>[]) =>
    results.map(({ layer, steps, clamp }) => [layer, steps, clamp]);
  const text = ["--text", join(golden(".."), "corpus.txt")];
  const sweep = async (folder: string, ...grid: string[]) => {
    const cases = await writeCases(folder, facts.slice(0, 1));
    const how = ["--cases", cases, ...text, ...grid];
    return callJson<{ results: Record<string, number>[] }>("study", "sweep", ...model, ...how);
  };

  test("tries every combination", async ({ folder }) => {
    const { results } = await sweep(folder, "--layers", "0,1", "--steps", "2,5", "--clamps", "4");
    expect(tried(results)).toEqual([
      [0, 2, 4],
      [0, 5, 4],
      [1, 2, 4],
      [1, 5, 4],
    ]);
    expect(results[1].probability).toBeGreaterThan(results[0].probability);
  });

  test("tries any field of any method", async ({ folder }) => {
    const memit = ["--method", "memit", "--grid", "layers=0,1/1", "--grid", "steps=2"];
    const { results } = await sweep(folder, ...memit, "--lambda", "1,10", "--kl-factor", "0.1");
    const found = results.map(({ layers, lambda, klFactor, steps }) => [
      layers,
      lambda,
      klFactor,
      steps,
    ]);
    expect(found).toEqual([
      [[0, 1], 1, 0.1, 2],
      [[1], 1, 0.1, 2],
      [[0, 1], 10, 0.1, 2],
      [[1], 10, 0.1, 2],
    ]);
  });
});

describe("every option of a method is one of every study that edits", () => {
  const editing = studies.filter((study) => study.editors);

  plainTest.for(editing.map((study) => [study.name, study] as const))(
    "%s",
    async ([name, study]) => {
      const { out } = await call("study", name, "--help");
      for (const { fields } of editors)
        for (const field of fields) expect(out).toContain(`--${optionName(field)} `);
      // A number that cannot be is told from an option that is not known.
      for (const editor of editors) {
        const method = study.editors === "several" ? "--methods" : "--method";
        for (const field of editor.fields.filter(({ kind }) => kind.type === "number")) {
          const option = `--${optionName(field)}`;
          const args = ["study", name, "--model", "demo", "--cases", "a.json", method, editor.name];
          const { status, err } = await call(...args, option, "x");
          expect({ status, err }).toMatchObject({
            status: 2,
            err: expect.stringMatching(`^invalid ${option}: x `) as string,
          });
        }
      }
    },
  );

  test("mass takes --weight-decay and --kl-factor, for all methods or for one", async ({
    folder,
  }) => {
    const cases = await writeCases(folder);
    const out = join(folder, "out");
    const stats = join(folder, "stats");
    await mkdir(stats);
    for (const [layer, file] of ["statistics.0.npz", "statistics.npz"].entries()) {
      const path = join(golden("tiny-gpt2"), "../../numbers/tiny-gpt2", file);
      const name = `transformer.h.${layer}.mlp.c_proj_float32_mom2.npz`;
      await writeFile(join(stats, name), await readFile(path));
    }
    const how = ["--weight-decay", "0.25", "--kl-factor", "0.5", "--rome.kl-factor", "0.75"];
    const few = ["--all", "--counts", "1", "--sample", "1", "--steps", "2", "--layers", "0,1"];
    const made = await call(
      ...["study", "mass", ...model, "--cases", cases, "--stats", stats, ...how, ...few],
      ...["--rome.layer", "1", "--out", out],
    );
    expect(made).toMatchObject({ status: 0, err: "" });
    expect(await jsonOf(join(out, "study.json"))).toMatchObject({
      methods: [
        { name: "memit", settings: { weightDecay: 0.25, klFactor: 0.5, steps: 2, layers: [0, 1] } },
        { name: "rome", settings: { weightDecay: 0.25, klFactor: 0.75, steps: 2, layer: 1 } },
      ],
    });
  });

  test("samples takes --steps and --clamp", async ({ folder }) => {
    const cases = await writeCases(folder);
    const out = join(folder, "out");
    const few = ["--all", "--multiples", "0.5", "--count", "1", "--sample", "1", "--layers", "0"];
    const made = await call(
      ...["study", "samples", ...model, "--cases", cases, ...few],
      ...["--steps", "2", "--clamp", "3", "--out", out],
    );
    expect(made).toMatchObject({ status: 0, err: "" });
    expect(await jsonOf(join(out, "study.json"))).toMatchObject({
      methods: [{ settings: { steps: 2, clamp: 3, layers: [0] } }],
    });
  });
});

describe("a study of one's own", () => {
  const command = studyCommand([...studies, nothing]);
  const run = async (...args: string[]) => {
    let out = "";
    const print = (text: string) => (out += text);
    const silent = () => undefined;
    await command.run(args, {
      root: `${golden("../../..")}/`,
      print,
      note: silent,
      progress: silent,
    });
    return out;
  };

  test("is run, gone on with, and summed up without a model", async ({ folder }) => {
    const cases = await writeCases(folder);
    const out = join(folder, "out");
    const args = ["nothing", ...model, "--cases", cases, "--out", out];
    const table = "cases  words a prompt\n3                 7.7";
    expect(await run(...args)).toBe(table);
    expect(await run(...args)).toBe(table);
    expect(await rowsOf(out)).toHaveLength(3);
    expect(await run("summarise", out)).toBe(table);
    expect(JSON.parse(await run(...args, "--json"))).toMatchObject({ cases: 3 });
  });

  plainTest("has its help and its options", () => {
    const help = command.help!(["nothing", "--help"]);
    expect(help).toContain(
      "study nothing --model M --cases F [--precision P] [--limit N] [--pause X]",
    );
    expect(help).toContain("pause: Milliseconds that each case takes");
  });

  test("a folder that holds no study", async ({ folder }) => {
    expect(await call("study", "summarise", folder)).toEqual({
      status: 1,
      out: "",
      err: `${folder} has no study.json; give a study's --out\n`,
    });
  });
});

const demo = ["--model", "demo", "--cases", "a.json"];

plainTest.for<[string[], string]>([
  [[], "a study is missing: evaluate, mass, samples, sweep, precision, or summarise"],
  [["evalute"], "unknown study: evalute (evaluate, mass, samples, sweep, precision, summarise)"],
  [["summarise"], "a folder is missing: study summarise DIR…"],
  [["evaluate", ...demo], "--out is missing: the folder where rows are kept, to go on from"],
  [["evaluate", "--out", "x"], "--model is missing"],
  [["evaluate", ...demo, "--methd", "rome"], "Unknown option '--methd'"],
  [["evaluate", ...demo, "--method", "rme"], "unknown method: rme (rome, memit)"],
  [
    ["evaluate", ...demo, "--method", "rome,memit"],
    "invalid --method: rome,memit (evaluate takes one)",
  ],
  [
    ["evaluate", ...demo, "--out", "x", "--shard", "3"],
    "invalid shard: 3 (write 3/16 for the third of sixteen)",
  ],
  [["evaluate", ...demo, "--limit", "0"], "invalid --limit: 0 (a whole number, 1 or more)"],
  [["evaluate", ...demo, "--layers", "1,2"], "Unknown option '--layers'"],
  [["precision", ...demo, "--precision", "q4"], "Unknown option '--precision'"],
  [
    ["sweep", ...demo, "--grid", "lyer=1"],
    "invalid grid: lyer=1 (write layer=0,1,2 with any of layer, steps, clamp, learningRate, klFactor, weightDecay, contextLengths, keyMode, covariance)",
  ],
])("study %j is a wrong call", async ([args, sentence]) => {
  expect(await call("study", ...args)).toEqual({ status: 2, out: "", err: `${sentence}\n` });
});

test("a setting whose numbers nothing can hold is a row that says so, and the study goes on", async ({
  folder,
}) => {
  const cases = await writeCases(folder);
  const grid = ["--identity", "--layer", "1", "--steps", "3", "--learning-rate", "1e308,0.5"];
  const out = join(folder, "sweep");
  const sweep = () => call("study", "sweep", ...model, "--cases", cases, ...grid, "--out", out);
  const { status, err } = await sweep();
  expect(status).toBe(0);
  expect(err).toMatch(
    /^2 rows have no numbers, and count for nothing; layer=1 .*learningRate=1e\+308 .*\/0: .*“Learning rate” is 1e\+308/,
  );
  const rows = await rowsOf(out);
  expect(rows.map(({ error }) => typeof error)).toEqual([
    "string",
    "string",
    "undefined",
    "undefined",
  ]);
  const summary = (await jsonOf(join(out, "summary.json"))) as {
    failed: unknown[];
    results: unknown[];
  };
  expect([summary.failed.length, summary.results.length]).toEqual([2, 1]);
  expect(await sweep()).toMatchObject({ status: 0 });
  expect(await rowsOf(out)).toEqual(rows);
});
