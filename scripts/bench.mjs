/** `npm run bench [-- --only native,wasm,webgpu] [--model FOLDER]`: a table, and bench/results.json. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build, createServer } from "vite";
import { chromium } from "./chromium.mjs";
import { root } from "./step.mjs";

const { values } = parseArgs({ options: { only: { type: "string" }, model: { type: "string" } } });
const wanted = values.only?.split(",") ?? ["native", "wasm", "webgpu"];
const model = values.model ?? join(root, "public", "models", "demo");

const results = {
  date: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  },
  providers: {},
};
const { cpu, cores, memoryGiB, system, node } = results.machine;
console.log(`${results.date}\n${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}`);

if (wanted.includes("native")) add("native", "onnxruntime-node", await native());
const browsers = wanted.filter((name) => name === "wasm" || name === "webgpu");
if (browsers.length > 0) await inBrowser(browsers);
writeFileSync(join(root, "bench", "results.json"), `${JSON.stringify(results, null, 2)}\n`);
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

function time(seconds) {
  return `${seconds.toFixed(seconds < 0.1 ? 4 : 3)} s`.padStart(10);
}

async function native() {
  const outDir = join("dist-cli", "bench");
  await build({
    ...{ root, configFile: false, logLevel: "error", publicDir: false },
    build: { ssr: "bench/native.ts", outDir, target: "node20", emptyOutDir: true },
  });
  const { measureNative } = await import(pathToFileURL(join(root, outDir, "native.js")).href);
  return measureNative(root, model);
}

/** The page in Chromium; where no graphics card is, WebGPU is SwiftShader's and measured on little. */
async function inBrowser(providers) {
  const executablePath = await chromium();
  const { chromium: launcher } = await import("playwright");
  const server = await createServer({ root, logLevel: "error", server: { port: 0 } });
  await server.listen();
  const software = ["--use-webgpu-adapter=swiftshader", "--enable-unsafe-webgpu"];
  const args = ["--headless=new", ...(process.env.GPU === "real" ? [] : software)];
  const browser = await launcher.launch({
    headless: false, // --headless=new: the headless shell has no WebGPU
    args: [...args, "--no-sandbox"],
    ...(executablePath && { executablePath }),
  });
  try {
    const page = await browser.newPage();
    await page.goto(new URL("bench/", server.resolvedUrls.local[0]).href);
    await page.waitForFunction("globalThis.measure");
    for (const provider of providers) {
      const { description, measurements } = await page.evaluate((p) => measure(p), provider);
      add(provider, description, measurements);
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
