import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

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

test(
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

test("ends with 2 for a wrong call and 1 for a failure", { timeout: 60_000 }, async () => {
  expect(await palimpsest(root, "predict")).toEqual({
    status: 2,
    stdout: "",
    stderr: "--model is missing\n",
  });
  const { status, stdout } = await palimpsest(root, "predict", "--model", "none", "--prompt", "a");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
});
