/**
 * `npm run demo -- measure --counterfact DIR --corpus FILE --out DIR [--model demo] [--only recall,rome] [--write]`: every
 * figure of the built-in model's card. What a part finds is kept in the folder --out, and the same command goes on where it
 * was stopped. `npm run demo -- page` says how long the page takes from a warm cache. --write puts the tables into the card, the sweep's figure into docs, and what is recalled beside the model.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installTerminal } from "./install.mjs";
import { nodeProgram } from "./nodeProgram.mjs";
import { root } from "./step.mjs";

if (process.argv[2] === "page") {
  const { warmPage } = await import("./demo/warmPage.mjs");
  const { ready, traced } = await warmPage();
  const shown = ({ median, best }) => `${median.toFixed(2)} s (best ${best.toFixed(2)} s)`;
  console.log(
    `from a warm cache: ready for a trace after ${shown(ready)}, traced after ${shown(traced)}`,
  );
  process.exit(0);
}

installTerminal();
const outDir = join("dist-cli", "demo");
await nodeProgram("scripts/demo/measure.ts", outDir);
const { measure } = await import(pathToFileURL(join(root, outDir, "measure.js")).href);
const terminal = {
  root,
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  progress: (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`),
};
process.exitCode = await measure(process.argv.slice(2), terminal);
