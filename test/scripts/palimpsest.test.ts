import { execFile, spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test as plainTest } from "vitest";
import { folderTest as test } from "../support/call.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const checkpoints = join(root, "test/golden/checkpoints");

/** Runs the program as `npm run -s palimpsest --` does from a folder. */
async function palimpsest(from: string, ...args: string[]) {
  const env = { ...process.env, INIT_CWD: from };
  const run = promisify(execFile)(process.execPath, ["scripts/palimpsest.mjs", ...args], {
    cwd: root,
    env,
  });
  const { stdout, stderr } = await run.catch((error: Error & Awaited<typeof run>) => error);
  return { status: run.child.exitCode, stdout, stderr };
}

plainTest(
  "prints one JSON object, with paths from where it was called",
  { timeout: 60_000 },
  async () => {
    const args = ["--model", "tiny-gpt2", "--prompt", "The ferry is in", "--top", "2", "--json"];
    const { status, stdout, stderr } = await palimpsest(checkpoints, "predict", ...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const found = JSON.parse(stdout) as { predictions: unknown[] };
    expect(found.predictions).toHaveLength(2);
  },
);

plainTest("ends with 2 for a wrong call and 1 for a failure", { timeout: 60_000 }, async () => {
  expect(await palimpsest(root, "predict")).toEqual({
    status: 2,
    stdout: "",
    stderr: "--model is missing\n",
  });
  const { status, stdout } = await palimpsest(root, "predict", "--model", "none", "--prompt", "a");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
});

/** Starts the program in a folder; `until` is asked again and again, and then the signal is sent. */
async function stopped(
  folder: string,
  args: string[],
  { signal, until }: { signal: NodeJS.Signals; until: () => Promise<boolean> | boolean },
) {
  const child = spawn(process.execPath, [join(root, "scripts/palimpsest.mjs"), ...args], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const ended = new Promise<number | null>((end) => child.on("close", end));
  await expect
    .poll(async () => child.exitCode !== null || (await until()), { timeout: 50_000, interval: 5 })
    .toBe(true);
  child.kill(signal);
  return { status: await ended, err };
}

test("SIGTERM ends it with 143, and what was not whole is gone", async ({ folder }) => {
  const args = ["synthesize", "--architecture", "gpt2", "--layers", "1", "--out", "model"];
  const names = () => (existsSync(join(folder, "model")) ? readdir(join(folder, "model")) : []);
  const until = async () => (await names()).some((name) => name.endsWith(".part"));
  expect(await stopped(folder, args, { signal: "SIGTERM", until })).toEqual({
    status: 143,
    err: "stopped by SIGTERM; files that were not whole are removed\n",
  });
  const left = await names();
  expect(left.filter((name) => /\.part|\.lock/.test(name))).toEqual([]);
});

test("SIGINT ends a study with 130 between two rows, and the same command goes on", async ({
  folder,
}) => {
  const fact = { relation: "place", prompt: "{} is in", target: "Nowhere", newTargets: ["Brno"] };
  const facts = Array.from({ length: 16 }, (_, id) => ({
    ...fact,
    id,
    subject: `The House ${id}`,
    paraphrases: ["{} was in"],
    neighbours: ["The Mill is in"],
  }));
  await writeFile(join(folder, "cases.json"), JSON.stringify({ facts }));
  const model = ["--model", join(checkpoints, "tiny-gpt2"), "--cases", "cases.json", "--all"];
  const how = ["--identity", "--layer", "1", "--steps", "8", "--out", "study"];
  const args = ["study", "evaluate", ...model, ...how];
  const rows = async () => {
    const path = join(folder, "study", "rows.ndjson");
    return existsSync(path) ? (await readFile(path, "utf8")).split("\n") : [""];
  };
  const until = async () => (await rows()).length > 2;
  expect(await stopped(folder, args, { signal: "SIGINT", until })).toEqual({
    status: 130,
    err: "stopped by SIGINT; what is done is kept, and the same command goes on from there\n",
  });
  const kept = await rows();
  expect(kept.length).toBeLessThan(16);
  expect(kept.at(-1)).toBe("");
  expect((await readdir(join(folder, "study"))).sort()).toEqual(["rows.ndjson", "study.json"]);
  const { status } = await palimpsest(folder, ...args, "--json");
  expect(status).toBe(0);
  expect((await rows()).slice(0, kept.length - 1)).toEqual(kept.slice(0, -1));
  expect(await rows()).toHaveLength(17);
});

plainTest("where nobody reads what it prints it ends with 141, without complaint", async () => {
  const help = `"${process.execPath}" scripts/palimpsest.mjs help | true; exit "\${PIPESTATUS[0]}"`;
  const run = promisify(execFile)("bash", ["-c", help], { cwd: root });
  const { stdout, stderr } = await run.catch((error: Error & Awaited<typeof run>) => error);
  expect({ status: run.child.exitCode, stdout, stderr }).toEqual({
    status: 141,
    stdout: "",
    stderr: "",
  });
});

plainTest.skipIf(!existsSync("/dev/full"))("a full disk behind standard output", async () => {
  const child = spawn(process.execPath, ["scripts/palimpsest.mjs", "help"], {
    cwd: root,
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
  });
  let err = "";
  child.stderr!.on("data", (text: Buffer) => (err += text.toString()));
  const status = await new Promise((end) => child.on("close", end));
  expect({ status, err }).toEqual({
    status: 1,
    err: "standard output cannot be written: the disk is full\n",
  });
});
