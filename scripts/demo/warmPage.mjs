/**
 * How long the page takes, from a warm cache, until the built-in model is ready for its first trace and until that trace
 * is drawn: the median of several openings in Chromium, in seconds. Wants `npm run build` first.
 */
import { join } from "node:path";
import { chromium } from "playwright";
import { findChromium } from "../chromium.mjs";
import { serve } from "../serve.mjs";
import { root } from "../step.mjs";

const OPENINGS = 5;
const LONG = { timeout: 120_000 };

/** {ready, traced} in seconds, the median and the best. */
export async function warmPage() {
  const server = await serve(join(root, "dist"), { port: 0, host: "localhost" });
  const address = `http://localhost:${server.address().port}/`;
  const browser = await chromium.launch({
    headless: true,
    executablePath: findChromium(),
    args: ["--no-sandbox"],
  });
  try {
    const context = await browser.newContext();
    await opening(context, address); // fills the cache
    const times = [];
    for (let i = 0; i < OPENINGS; i++) times.push(await opening(context, address));
    return { ready: spread(times, "ready"), traced: spread(times, "traced") };
  } finally {
    await browser.close();
    server.close();
  }
}

async function opening(context, address) {
  const page = await context.newPage();
  const begun = performance.now();
  await page.goto(address);
  await page.getByText("toy", { exact: true }).waitFor(LONG); // said of a model that is loaded
  const ready = (performance.now() - begun) / 1000;
  // The first trace begins by itself.
  await page.getByRole("button", { name: "Download state as npz" }).waitFor(LONG);
  const traced = (performance.now() - begun) / 1000;
  await page.close();
  return { ready, traced };
}

function spread(times, what) {
  const sorted = times.map((time) => time[what]).sort((a, b) => a - b);
  return { median: sorted[OPENINGS >> 1], best: sorted[0] };
}
