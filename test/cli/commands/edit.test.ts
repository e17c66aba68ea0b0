import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { readNpz } from "../../../src/data/archive/npz.ts";
import { readAdapter } from "../../../src/data/delta/readAdapter.ts";
import { goldenFile, type GoldenMassEdit, goldenNumbers } from "../../support/golden.ts";
import { tinyNames } from "../../support/methods/tiny.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";
import { factorsOf } from "../../support/engine/deltas.ts";
import { layerOf } from "../../../src/data/delta/delta.ts";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { keyModule } from "../../../src/methods/statistics/shippedStatistics.ts";

type Files = Record<string, Uint8Array>;

const title = "four facts, two layers";

/** ‖actual − expected‖ / ‖expected‖. */
function error(actual: Float64Array, expected: Float64Array): number {
  return Math.hypot(...expected.map((x, i) => x - actual[i])) / Math.hypot(...expected);
}

/** A folder with a golden edit's facts, contexts and statistics under the authors' names, as arguments. */
async function inputs(name: string, folder: string) {
  const edits = await goldenNumbers<Record<string, GoldenMassEdit>>(name, "memit.json");
  const edit = edits[title];
  const file = (path: string) => join(folder, path);
  await writeFile(file("facts.json"), JSON.stringify(edit.requests));
  await writeFile(file("contexts.json"), JSON.stringify(edit.contexts));
  const numbers = join(golden(name), "../../numbers", name);
  const config = await readConfig(folderFiles(golden(name)));
  await mkdir(file("stats"));
  const target = (layer: number, size: string) =>
    file(`stats/${keyModule(config, layer)}_float32_mom2${size}.npz`);
  await copyFile(join(numbers, "statistics.0.npz"), target(0, ""));
  await copyFile(join(numbers, "statistics.npz"), target(1, "_42"));
  const { layers, lambda, steps, clamp } = edit.hyperparameters;
  const args = [
    "--method",
    "memit",
    "--model",
    golden(name),
    "--facts",
    file("facts.json"),
    "--layers",
    layers.join(),
    "--lambda",
    `${lambda}`,
    "--steps",
    `${steps}`,
    "--clamp",
    `${clamp}`,
    "--stats",
    file("stats"),
    "--contexts",
    file("contexts.json"),
  ];
  return { edit, args, file };
}

describe.for(tinyNames)("edit --method memit of %s", (name) => {
  test("gives the golden arrays, and a delta that does the same", async ({ folder }) => {
    const { edit, args, file } = await inputs(name, folder);
    const report = ["--report", file("report.npz"), "--peft", file("adapter")];
    const out = ["--out", file("edit.safetensors"), ...report];
    const said = await callJson<{ facts: { after: { probability: number } }[] }>(
      "edit",
      ...args,
      ...out,
    );
    const found = readNpz(new Uint8Array(await readFile(file("report.npz"))));
    const expected = readNpz(await goldenFile(`numbers/${name}/${edit.arrays}`));
    for (const key of ["0.adj_k", "0.resid", "1.adj_k", "1.resid", "z"]) {
      expect(found[key].shape).toEqual(expected[key].shape);
      const [a, b] = [found, expected].map((arrays) => arrays[key].data as Float64Array);
      expect(error(a, b)).toBeLessThan(1e-4);
    }
    const after = said.facts.map((fact) => fact.after.probability);
    expect(after).toBeAllclose(edit.probabilityAfter, { rtol: 0, atol: 1e-4 });
    const delta = readDelta(new Uint8Array(await readFile(file("edit.safetensors"))));
    expect(delta.weights.map((entry) => [layerOf(entry.weight), factorsOf(entry).rank])).toEqual([
      [0, 4],
      [1, 4],
    ]);
    expect(delta.provenance.requests).toHaveLength(4);
    const names = await readdir(file("adapter"));
    const contents = names.map(async (name) => {
      return [name, new Uint8Array(await readFile(join(file("adapter"), name)))];
    });
    const adapter = readAdapter(Object.fromEntries(await Promise.all(contents)) as Files);
    adapter.weights.forEach((entry, i) => {
      const ours = factorsOf(delta.weights[i]);
      expect(factorsOf(entry).u).toEqual(ours.u);
      expect(factorsOf(entry).v).toEqual(ours.v);
    });
  });
});

describe("edit --method memit", () => {
  test("keeps z's in a folder and does not search for them again", async ({ folder }) => {
    const { args, file } = await inputs("tiny-gpt2", folder);
    const values = ["--values", file("z")];
    type Said = { facts: { steps: number; after: { probability: number } }[] };
    const first = await callJson<Said>("edit", ...args, ...values);
    expect(await readdir(file("z"))).toHaveLength(4);
    await writeFile(join(file("z"), (await readdir(file("z")))[0]), "cut sh");
    const second = await callJson<Said>("edit", ...args, ...values);
    expect(second.facts.map(({ steps }) => steps > 0).sort()).toEqual([false, false, false, true]);
    const after = ({ facts }: Said) => facts.map((fact) => fact.after.probability);
    expect(after(second)).toBeAllclose(after(first), { rtol: 1e-3 });
  });

  test("reads a table as CSV and prints what became of it", async ({ folder }) => {
    const { edit, args, file } = await inputs("tiny-gpt2", folder);
    const lines = edit.requests.map((fact) => [fact.prompt, fact.subject, fact.target].join());
    await writeFile(
      file("facts.csv"),
      ["prompt,subject,target", ...lines].join("\n").replace("old town,", "old town"),
    );
    const { out, status } = await call(
      ...["edit", ...args, "--facts", file("facts.csv"), "--steps", "2"],
    );
    expect(status).toBe(0);
    expect(out).toMatch(/^4 facts: mean p\(target\) [\d.]+ % before, [\d.]+ % after\n/);
    expect(out).toMatch(/layer +mean residual +‖ΔW‖\/‖W‖ +rank\n0 .*\n1 /);
  });

  test("refuses what does not fit, in one sentence", async ({ folder }) => {
    const { args, file } = await inputs("tiny-gpt2", folder);
    const failing = async (...change: string[]) => {
      const { status, err } = await call("edit", ...args, ...change);
      return `${status} ${err}`;
    };
    expect(await failing("--layers", "2")).toMatch(/^1 .*has no statistics of layer 2/);
    expect(await failing("--layers", "1,0")).toMatch(/^1 invalid layers: 1, 0/);
    expect(await failing("--stats", file("none"))).toMatch(/^1 .*is not a folder that can be read/);
    expect(await failing("--prompt", "x")).toMatch(/^2 --prompt does not go with --facts/);
    expect(await failing("--method", "mend")).toMatch(/^2 invalid --method: mend/);
    await writeFile(file("facts.json"), '[{"prompt":"{} is","subject":"A"}]');
    expect(await failing()).toMatch(/^1 .*facts.json/);
  });
});
