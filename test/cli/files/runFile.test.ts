import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { caseRecord } from "../../../src/data/facts/caseRecord.ts";
import { readRuns } from "../../../src/data/run/runsZip.ts";
import { RunShelf } from "../../../src/engine/storage/RunShelf.ts";
import { Runs } from "../../../workers/runs/Runs.ts";
import { call, folderTest as test, golden } from "../../support/call.ts";
import { memoryKeyed } from "../../support/engine/memoryKeyed.ts";
import { scored } from "../../support/runs.ts";

vi.setConfig({ testTimeout: 120_000 });

const model = ["--model", golden("tiny-gpt2")];
const fact = ["--prompt", "{} is in", "--subject", "The tower"];

test("what the terminal runs is kept as the page keeps it, and opens there", async ({ folder }) => {
  const file = (name: string) => join(folder, name);
  await writeFile(file("case.json"), JSON.stringify(caseRecord(scored.case)));
  const edit = ["--delta", file("edit.safetensors")];
  const rome = ["--method", "rome", "--layer", "1", "--steps", "3", "--identity"];
  const calls: Record<string, string[]> = {
    edit: [...rome, ...fact, "--target", "the river", "--out", file("edit.safetensors")],
    trace: [...fact, "--samples", "2", ...edit],
    score: ["--case", file("case.json"), ...edit],
    table: ["--facts", file("case.json"), ...edit],
    generate: ["--prompt", "The tower is in", "--tokens", "3", ...edit],
  };
  const page = new Runs(
    { held: { find: vi.fn(), hold: vi.fn() }, changed: () => undefined },
    new RunShelf({ database: memoryKeyed().database }),
  );
  for (const [kind, options] of Object.entries(calls)) {
    const path = file(`${kind}.zip`);
    const name = kind === "table" ? "score" : kind;
    const { status, err } = await call(name, ...model, ...options, "--run", path);
    expect([status, err]).toEqual([0, ""]);
    const bytes = new Uint8Array(await readFile(path));
    const { runs, refused, edits } = await readRuns(bytes, path);
    expect([refused, runs.length, edits.size]).toEqual([[], 1, 1]);
    const taken = await page.take(new File([bytes], path));
    expect(taken).toMatchObject({ added: 1, refused: [], trouble: null });
  }
  const digest = await deltaDigest(
    readDelta(new Uint8Array(await readFile(file("edit.safetensors")))),
  );
  const kept = await Promise.all((await page.list()).map(({ id }) => page.open(id)));
  expect(kept.map(({ result }) => result.kind).sort()).toEqual([
    "edit",
    "score",
    "table",
    "text",
    "trace",
  ]);
  for (const { context, result } of kept) {
    if (result.kind === "edit") expect(result.digest).toBe(digest);
    else expect(context.edits).toMatchObject([{ digest, strength: 1 }]);
    await expect(page.command({ context, result })).resolves.toContain("npm run -s palimpsest");
  }
});

test("a file that is no zip is refused before the work", async () => {
  const { status, err } = await call("trace", ...model, ...fact, "--run", "run.json");
  expect(status).toBe(2);
  expect(err).toContain("invalid --run: run.json (its name must end in .zip)");
});
