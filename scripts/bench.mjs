/**
 * `npm run bench [-- --only native,wasm,webgpu,kernels] [--model FOLDER]`: tables, and bench/results.json.
 *
 * `--only large --model DIR [--precision q4] [--steps 5] [--samples 10] [--layer 5] [--bare]` loads a checkpoint of real
 * size in Node, traces one prompt and runs one ROME edit; `--only wide`, with the same and `[--binding MIB]`, does so in
 * Chromium on WebGPU, taken for a device that binds no more than so many MiB at once. `palimpsest synthesize` and `convert`
 * make such checkpoints.
 * The kernels are measured beside tfjs and jax-js, packages of bench/peers that are installed when they are first wanted.
 * `--only peers --peer DIR` runs the checkpoint that bench/export_peer.py wrote into DIR beside transformers.js.
 * `--only page` opens the built page (`npm run build`; that of another commit with `--page DIST`) and `--only answers` asks
 * predictions in it while jobs run, each `[--runs N]` times.
 * `--only dawn` measures the kernels in Node instead of in Chromium; it wants `npm i --no-save webgpu` (130 MB) first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createServer } from "vite";
import { chromium } from "./chromium.mjs";
import { installPeers } from "./install.mjs";
import { nodeProgram } from "./nodeProgram.mjs";
import { root } from "./step.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    only: text,
    model: text,
    peer: text,
    providers: text,
    precision: text,
    steps: text,
    samples: text,
    binding: text,
    layer: text,
    page: text,
    runs: text,
    bare: { type: "boolean" },
  },
});
const parts = [
  "native",
  "wasm",
  "webgpu",
  "kernels",
  "peers",
  "large",
  "wide",
  "dawn",
  "page",
  "answers",
];
const wanted = values.only?.split(",") ?? parts.slice(0, 4);
const unknown = wanted.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`unknown --only: ${unknown.join()} (it measures ${parts.join(", ")})`);
  process.exit(2);
}
const model = values.model ?? join(root, "public", "models", "demo");

const peer = values.peer && resolve(values.peer);
const onPeers = values.providers?.split(",") ?? ["wasm", "webgpu"];
if (wanted.includes("peers") && !peer) {
  console.error("--only peers needs --peer DIR, a folder that bench/export_peer.py wrote");
  process.exit(2);
}

/** The number of an option; undefined where it is absent. */
function numberOf(text) {
  return text === undefined ? undefined : Number(text);
}

const largeOptions = {
  precision: values.precision,
  steps: numberOf(values.steps),
  samples: numberOf(values.samples),
  layer: numberOf(values.layer),
  bare: values.bare,
};

const about = {
  date: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  },
};
const { cpu, cores, memoryGiB, system, node } = about.machine;
console.log(`${about.date}\n${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}`);

// What is not measured now is kept from the last time.
const file = join(root, "bench", "results.json");
const { kernels, peers, large, page, ...models } = existsSync(file)
  ? JSON.parse(readFileSync(file, "utf8"))
  : {};
const onModels = wanted.some((name) => ["native", "wasm", "webgpu"].includes(name));
const results = onModels ? { ...about, providers: {} } : models;
if (kernels) results.kernels = kernels;
if (peers) results.peers = peers;
if (large) results.large = large;
if (page) results.page = page;

if (wanted.some((name) => ["kernels", "dawn"].includes(name))) installPeers();
if (wanted.includes("native")) add("native", "onnxruntime-node", await native());
if (wanted.includes("large")) await largeNative();
const elsewhere = ["native", "dawn", "large", "page", "answers"];
const inPage = wanted.filter((name) => !elsewhere.includes(name));
if (inPage.length > 0) await inBrowser(inPage);
if (wanted.includes("dawn")) addKernels(await onDawn());
if (wanted.includes("page")) await opening();
if (wanted.includes("answers")) await answers();
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
console.log("\nwritten to bench/results.json");

function add(provider, description, measurements) {
  results.providers[provider] = { description, measurements };
  console.log(`\n${provider} (${description})\n${"median".padStart(40)}${"best".padStart(10)}`);
  for (const { name, seconds, fastest, gflops, detail } of measurements) {
    const speed = gflops === undefined ? "" : `${gflops.toFixed(1)} GFLOP/s`;
    console.log(
      `  ${name.padEnd(28)}${time(seconds)}${time(fastest)}${speed.padStart(16)}   ${detail}`,
    );
  }
}

/** What opening the built page costs. */
async function opening() {
  const { measureOpening } = await import("./bench/builtPage.mjs");
  const opened = await measureOpening(builtPage(), numberOf(values.runs) ?? 5);
  results.page = { ...results.page, opening: { ...about, ...opened } };
  const { paint, ready, traced, files, plain, compressed, runs } = opened;
  console.log(`\nthe page, first visit, median of ${runs}`);
  console.log(`  first paint ${time(paint)}, model ready ${time(ready)}, traced ${time(traced)}`);
  console.log(`  ${files} scripts until then: ${plain} bytes, ${compressed} compressed`);
}

/** How soon a prediction is shown while the page's jobs run. */
async function answers() {
  const { measureAnswers } = await import("./bench/builtPage.mjs");
  const found = await measureAnswers(builtPage(), numberOf(values.runs) ?? 30);
  results.page = { ...results.page, answers: { ...about, found } };
  console.log(
    `\na prediction, from the typing to what is shown${"median".padStart(12)}${"worst".padStart(10)}`,
  );
  for (const { name, median, worst, asked, beside } of found) {
    const during = `  during ${name}`.padEnd(46);
    console.log(`${during}${time(median)}${time(worst)}   ${asked} asked, ${beside} while it ran`);
  }
}

function builtPage() {
  const folder = resolve(values.page ?? join(root, "dist"));
  if (existsSync(join(folder, "index.html"))) return folder;
  console.error(`${folder} has no built page; npm run build makes it`);
  process.exit(2);
}

async function largeNative() {
  const { measureLargeNative } = await import(
    pathToFileURL(await buildForNode("largeNative")).href
  );
  console.log(`\n${model} on onnxruntime-node`);
  addLarge("native", await measureLargeNative(model, { ...largeOptions, onStep: printLarge }));
}

function addLarge(provider, steps) {
  results.large = [...(results.large ?? []), { ...about, model, provider, steps }];
}

function printLarge({ name, seconds, blockTokens, ledgerPeak, processPeak, detail }) {
  const bytes = (n) => `${(n / 1e9).toFixed(2)} GB`;
  const process = processPeak ? `, process ${bytes(processPeak)}` : "";
  const evaluations = blockTokens ? `${blockTokens} block-token evaluations, ` : "";
  console.log(
    `  ${name.padEnd(14)}${time(seconds)}   ${evaluations}ledger ${bytes(ledgerPeak)}${process} at most   ${detail}`,
  );
}

/** Our kernels beside their peers: the median time, and how many times ours it is. */
function addKernels({ adapter, peak, tuned, tables }) {
  results.kernels = { ...about, adapter, peak, tuned, tables };
  console.log(`\nkernels (${adapter}); ${speed(peak)} at its peak of multiply-adds`);
  console.log(`chosen in ${time(tuned.seconds).trim()}, ${speed(tuned.gflops)}: ${tuned.variant}`);
  for (const { name, lines } of tables) {
    const heads = ["median", "best", "ours = 1", "of the whole", "done", "of peak"];
    console.log(`\n  ${name.padEnd(30)}${heads.map((head) => head.padStart(15)).join("")}`);
    for (const line of lines) {
      const { seconds, fastest, ratio, gflops, doneGflops = gflops, ofPeak } = line;
      const cells = () => [
        time(seconds),
        time(fastest),
        ratio.toFixed(2),
        speed(gflops),
        speed(doneGflops),
        `${(100 * ofPeak).toFixed(0)} %`,
      ];
      const rest =
        line.absent ??
        cells()
          .map((cell) => cell.padStart(15))
          .join("");
      console.log(`    ${line.name.padEnd(28)}${rest}`);
    }
  }
}

/** Forward passes beside transformers.js, on one provider. */
function addPeers(provider, report) {
  results.peers = { ...results.peers, [provider]: { ...about, ...report } };
  const { description, model, starts, trace, difference, tables } = report;
  console.log(
    `\npeers (${description}): ${model}; log p differs by at most ${difference.toExponential(1)}`,
  );
  for (const { name, load, sessions, first } of starts)
    console.log(
      `  ${name.padEnd(34)}loaded in ${time(load)}, first answer ${time(first)}; ${time(sessions)} for sessions`,
    );
  console.log(`  ${"our first trace".padEnd(34)}${time(trace.seconds)}   ${trace.detail}`);
  for (const { name, tokens, lines } of tables) {
    console.log(
      `\n  ${name.padEnd(36)}${"median".padStart(10)}${"best".padStart(10)}${"tokens/s".padStart(12)}   ours/theirs`,
    );
    const theirs = lines.find((line) => line.name.startsWith("transformers.js"));
    for (const { name, seconds, fastest, absent } of lines) {
      const share = theirs.seconds / seconds;
      console.log(
        absent
          ? `    ${name}: ${absent}`
          : `    ${name.padEnd(34)}${time(seconds)}${time(fastest)}${(tokens / seconds).toFixed(1).padStart(12)}${share.toFixed(2).padStart(14)}`,
      );
    }
  }
}

function speed(gflops) {
  return `${gflops.toFixed(gflops < 100 ? 2 : 0)} GFLOP/s`;
}

function time(seconds) {
  return `${seconds.toFixed(seconds < 0.1 ? 4 : 3)} s`.padStart(10);
}

async function native() {
  const { measureNative } = await import(pathToFileURL(await buildForNode("native")).href);
  return measureNative(root, model);
}

/** The kernels in a Node of their own. Node 20 would stall in compiling onnxruntime-web without its flag. */
async function onDawn() {
  const script = await buildForNode("dawn");
  const output = join(root, "dist-cli", "bench", "kernels.json");
  const wasm = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm";
  const args = ["--liftoff-only", script, join(root, wasm), output];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`Dawn in Node failed: exit code ${status}`);
  return JSON.parse(readFileSync(output, "utf8"));
}

async function buildForNode(name) {
  const outDir = join("dist-cli", "bench");
  await nodeProgram(`bench/${name}.ts`, outDir);
  return join(root, outDir, `${name}.js`);
}

/** The page in Chromium; where no graphics card is, WebGPU is SwiftShader's and measured on little. */
async function inBrowser(parts) {
  const executablePath = await chromium();
  const { chromium: launcher } = await import("playwright");
  // Found before it starts, since one that is found only on the way reloads the page under the measurement.
  const entries = ["bench/index.html", ...(parts.includes("kernels") ? ["bench/kernels.ts"] : [])];
  const optimizeDeps = { entries, include: ["@huggingface/transformers"] };
  const wide = parts.includes("wide") ? [resolve(model)] : [];
  const fs = { allow: [root, ...wide, ...(peer ? [peer] : [])] };
  const settings = { port: 0, hmr: false, watch: null, fs }; // a file that is saved must not reload the page
  const server = await createServer({ root, logLevel: "error", server: settings, optimizeDeps });
  await server.listen();
  const software = ["--use-webgpu-adapter=swiftshader", "--enable-unsafe-webgpu"];
  const args = ["--headless=new", ...(process.env.GPU === "real" ? [] : software)];
  const browser = await launcher.launch({
    headless: false, // --headless=new: the headless shell has no WebGPU
    args: [...args, "--no-sandbox"],
    executablePath,
  });
  try {
    const page = await browser.newPage();
    await page.goto(new URL("bench/", server.resolvedUrls.local[0]).href);
    await page.waitForFunction("globalThis.measure");
    for (const provider of parts.filter((part) => ["wasm", "webgpu"].includes(part))) {
      const { description, measurements } = await page.evaluate((p) => measure(p), provider);
      add(provider, description, measurements);
    }
    for (const provider of parts.includes("peers") ? onPeers : []) {
      const measure = (given) => measureForward(...given); // in the page
      addPeers(provider, await page.evaluate(measure, [provider, `/@fs${peer}/`]));
      await page.reload(); // the next one begins with an empty heap
      await page.waitForFunction("globalThis.measure");
    }
    if (parts.includes("wide")) {
      const bindingLimit = Number(values.binding ?? 128) * 2 ** 20;
      const measure = (given) => measureWide(...given); // in the page
      const given = [`/@fs${resolve(model)}`, { ...largeOptions, bindingLimit }];
      console.log(`\n${model} in Chromium on WebGPU, split for bindings of ${bindingLimit} bytes`);
      const steps = await page.evaluate(measure, given);
      for (const step of steps) printLarge(step);
      addLarge("webgpu", steps);
    }
    if (parts.includes("kernels")) addKernels(await page.evaluate("measureKernels()"));
  } finally {
    await browser.close();
    await server.close();
  }
}
