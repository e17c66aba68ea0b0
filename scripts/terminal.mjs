import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nodeProgram } from "./nodeProgram.mjs";
import { isStale } from "./stale.mjs";
import { root } from "./step.mjs";

const folder = join(root, "dist-cli");

/**
 * The terminal's program, built where its sources changed. It is built beside its place: another terminal that starts
 * meanwhile has the old one or the new one.
 *
 * @returns the path of a module that exports `program`
 */
export async function terminalProgram() {
  const built = join(folder, "program.js");
  // package-lock.json too: another version of a package may ask for another build.
  const sources = ["src", "package-lock.json"].map((path) => join(root, path));
  if (isStale(built, sources)) await build();
  return built;
}

async function build() {
  const outDir = mkdtempSync(`${folder}.`);
  try {
    await nodeProgram("src/cli/program.ts", outDir);
    const old = `${outDir}.old`;
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(outDir, folder);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
