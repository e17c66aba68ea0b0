import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("an unknown part is refused, and nothing is measured or written", () => {
  const args = ["scripts/bench.mjs", "--only", "native,browser"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toBe(
    "unknown --only: browser (it measures native, wasm, webgpu, kernels, peers, large, wide, dawn, page, answers)\n",
  );
  expect(stdout).toBe("");
  expect(status).toBe(2);
});
