/**
 * `npm run -s palimpsest -- COMMAND`: installs what the terminal computes with, builds its program where its sources
 * changed, and runs it.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installTerminal } from "./install.mjs";
import { isStale } from "./stale.mjs";
import { root } from "./step.mjs";

const built = join(root, "dist-cli", "program.js");
installTerminal();
// package-lock.json too: another version of a package may ask for another build.
if (
  isStale(
    built,
    ["src", "package-lock.json"].map((path) => join(root, path)),
  )
)
  await build();

const { program } = await import(pathToFileURL(built).href);
// npm runs this in the repository; the paths are meant from where it was called.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
await program(process.argv.slice(2), root);

async function build() {
  const vite = await import("vite");
  const { transformers } = await import("./transformers.mjs");
  await vite.build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    plugins: [transformers()],
    build: { ssr: "src/cli/program.ts", outDir: "dist-cli", target: "node20", emptyOutDir: true },
  });
}
