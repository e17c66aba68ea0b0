import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { FolderTotals } from "../../../src/cli/open/FolderTotals.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { readNpz } from "../../../src/data/archive/npz.ts";
import { Model } from "../../../src/engine/Model.ts";
import { collectStatistics } from "../../../src/methods/statistics/statistics.ts";
import { goldenCorpus } from "../../support/methods/tiny.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";

interface Told {
  count: number;
  layers: { layer: number; count: number; effectiveRank: number; conditionNumber: number }[];
}

const model = ["--model", golden("tiny-gpt2")];
const corpus = join(golden(".."), "corpus.txt");
const npz = async (path: string) => readNpz(new Uint8Array(await readFile(path)));
const covariance = async (path: string) => (await npz(path))["mom2.mom2"].data as Float32Array;

test("several layers are files of one folder under the authors' names", async ({ folder }) => {
  const out = join(folder, "stats");
  const args = ["--text", corpus, "--samples", "30", "--out", out];
  const told = await callJson<Told>("stats", ...model, "--layers", "2,0", ...args);
  expect((await readdir(out)).sort()).toEqual([
    "transformer.h.0.mlp.c_proj_float32_mom2_30.npz",
    "transformer.h.2.mlp.c_proj_float32_mom2_30.npz",
  ]);
  expect(told.layers.map(({ layer }) => layer)).toEqual([2, 0]);
  const alone = join(folder, "alone.npz");
  await call(
    "stats",
    ...model,
    "--layer",
    "0",
    "--text",
    corpus,
    "--samples",
    "30",
    "--out",
    alone,
  );
  const sum = await covariance(alone);
  const found = await covariance(join(out, "transformer.h.0.mlp.c_proj_float32_mom2_30.npz"));
  expect(found).toBeAllclose(sum, { rtol: 0, atol: 1e-6 * Math.max(...sum) });
  const { effectiveRank, conditionNumber } = told.layers[1];
  expect(effectiveRank).toBeGreaterThan(1);
  expect(effectiveRank).toBeLessThan(64);
  expect(conditionNumber).toBeGreaterThan(effectiveRank);
  const edit = ["--method", "rome", "--prompt", "{} is", "--subject", "Paris", "--target", "big"];
  const edited = await call(
    "edit",
    ...model,
    ...edit,
    "--layer",
    "2",
    "--stats",
    out,
    "--steps",
    "2",
  );
  expect(edited.err).toBe("");
  expect(edited.status).toBe(0);
});

test("--tokens stops at so many keys, and says what they are worth", async ({ folder }) => {
  const args = ["--layers", "1", "--text", corpus, "--tokens", "40"];
  const { out, status } = await call("stats", ...model, ...args, "--out", join(folder, "s.npz"));
  expect(status).toBe(0);
  expect(out).toContain("over 40 tokens of corpus.txt");
  expect(out).toMatch(/0\.5 tokens per dimension, effective rank \d+\.\d, not positive definite/);
});

test("--form cuts texts as it says", async ({ folder }) => {
  const path = join(folder, "text.txt");
  await writeFile(path, " = One = \n\nA b.\nC d.\n\n = Two = \n\nE f.\n");
  const texts = async (...form: string[]) => {
    const args = ["--layers", "0", "--text", path, "--out", join(folder, "s.npz")];
    return (await callJson<{ texts: number }>("stats", ...model, ...args, ...form)).texts;
  };
  expect(await texts()).toBe(2);
  expect(await texts("--form", "lines")).toBe(5);
  expect(await texts("--form", "paragraphs")).toBe(4);
  const wrong = await call(
    "stats",
    ...model,
    "--layers",
    "0",
    "--text",
    path,
    "--out",
    "x",
    "--form",
    "x",
  );
  expect(wrong.err).toContain("invalid --form: x (one of wikitext, lines, paragraphs, json)");
});

test("a text may lie at an address", async ({ folder }) => {
  const server = createServer((request, response) => {
    if (request.url === "/a.txt") response.end("One text.\nAnother one.\n");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };
  try {
    const read = (name: string) =>
      call(
        ...["stats", ...model, "--layers", "0", "--text", `http://127.0.0.1:${port}/${name}`],
        ...["--out", join(folder, "s.npz")],
      );
    expect(await read("a.txt")).toMatchObject({ status: 0 });
    expect((await read("b.txt")).err).toContain("/b.txt could not be read (status 404)");
  } finally {
    server.close();
  }
});

test("--checkpoint goes on with a run that was stopped", async ({ folder }) => {
  const checkpoint = join(folder, "checkpoint");
  const tiny = await Model.load(nodeRuntime(), folderFiles(golden("tiny-gpt2")));
  const stop = new AbortController();
  const begun = collectStatistics(tiny, await goldenCorpus(), {
    layers: [1],
    source: "corpus.txt",
    totals: new FolderTotals(checkpoint),
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(begun).rejects.toThrow("aborted");
  expect(await readdir(checkpoint)).toContain("head.json");
  const args = ["--layers", "1", "--text", corpus];
  const told = (...more: string[]) =>
    callJson<Told>(
      "stats",
      ...model,
      ...args,
      ...more,
      "--out",
      join(folder, `${more.length}.npz`),
    );
  const resumed = await told("--checkpoint", checkpoint);
  const whole = await told();
  expect(resumed.count).toBe(whole.count);
  const sum = await covariance(join(folder, "0.npz"));
  expect(await covariance(join(folder, "2.npz"))).toBeAllclose(sum, {
    rtol: 0,
    atol: 1e-6 * Math.max(...sum),
  });
  expect(await readdir(checkpoint)).toEqual([]);
});

test.each([
  ["no layer", ["--out", "x"], "--layers is missing"],
  ["several layers in one file", ["--layers", "0,1", "--out", "x.npz"], "give --out DIR"],
])("refuses %s", async (_, args, message) => {
  const { status, err } = await call("stats", ...model, "--text", corpus, ...args);
  expect(status).toBe(2);
  expect(err).toContain(message);
});
