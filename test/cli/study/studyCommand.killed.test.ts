import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeProgram } from "../../../scripts/nodeProgram.mjs";
import { readRows, mergedRows } from "../../../src/data/rows/rows.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";
import { golden } from "../../support/call.ts";
import { someCases } from "../../support/studies/orders.ts";

const repository = join(import.meta.dirname, "../../..");
const KILLS = 20;
let folder: string;
let program: string;
let running: ChildProcess | undefined;

/** The program lies in the repository, where its packages are found. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palimpsest-killed-"));
  const outDir = await mkdtemp(join(repository, "node_modules", ".palimpsest-killed-"));
  program = join(outDir, "killedStudy.js");
  await nodeProgram("test/support/studies/killedStudy.ts", outDir);
  await writeFile(join(folder, "cases.json"), JSON.stringify(someCases(120).map(record)));
});

afterAll(async () => {
  running?.kill("SIGKILL");
  for (const path of [folder, join(program, "..")]) await rm(path, { recursive: true });
});

/** A case as CounterFact has it. */
const record = ({ id, prompt, subject }: ReturnType<typeof someCases>[number]) => ({
  case_id: id,
  requested_rewrite: { prompt, subject, target_new: { str: "a" }, target_true: { str: "b" } },
});

/** Starts the study, and kills it at a moment after its first row; whether it was still running. */
async function run(out: string, killAfter?: number): Promise<{ code: number | null }> {
  const cases = join(folder, "cases.json");
  const how = ["nothing", "--model", golden("tiny-gpt2"), "--cases", cases, "--pause", "2"];
  const args = [program, `${repository}/`, ...how, "--out", join(folder, out)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on("data", () => {
    if (killAfter !== undefined) timer ??= setTimeout(() => child.kill("SIGKILL"), killAfter);
  });
  const code = await new Promise<number | null>((ended) => child.on("close", ended));
  clearTimeout(timer);
  return { code };
}

const rowsOf = async (out: string) => {
  const text = await readFile(join(folder, out, "rows.ndjson"), "utf8");
  const { rows } = await readRows([text], out);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  return mergedRows(rows).map(({ cost, ...row }) => JSON.stringify(row));
};

test(
  "a study that was killed twenty times has the rows of one that was not",
  { timeout: 300_000 },
  async () => {
    const random = new NumpyRandom(9);
    expect(await run("whole")).toEqual({ code: 0 });
    const kept: number[] = [];
    for (let i = 0; i < KILLS; i++) {
      expect(await run("killed", 12 * random.random())).toEqual({ code: null });
      kept.push((await rowsOf("killed")).length);
    }
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept[0]).toBeLessThan(kept[KILLS - 1]);
    expect(await run("killed")).toEqual({ code: 0 });
    expect(await rowsOf("killed")).toEqual(await rowsOf("whole"));
    const summary = (out: string) => readFile(join(folder, out, "summary.json"), "utf8");
    expect(await summary("killed")).toBe(await summary("whole"));
  },
);
