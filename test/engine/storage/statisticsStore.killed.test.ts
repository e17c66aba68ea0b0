import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../../../scripts/chromium.mjs";
import type { Profile } from "../../support/engine/killedPage.ts";

const executable = findChromium();
/** Kills, each at a moment between the first tile and a little after the last, in this order. */
const moments = [0.3, 0.02, 0.8, 0.1];

let folder: string;
let server: Server;
let address: string;
const started: ChildProcess[] = [];

/** The page is this test's own, so that the profile's database has one origin from launch to launch. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palimpsest-killed-"));
  const built = await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    build: {
      write: false,
      minify: false,
      target: "esnext",
      rollupOptions: { input: join(import.meta.dirname, "../../support/engine/killedPage.ts") },
    },
  });
  const [{ output }] = [built].flat() as { output: { code: string }[] }[];
  const page = `<!doctype html><title>killed</title><script type="module">${output[0].code}</script>`;
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(page);
  });
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  address = `http://localhost:${(server.address() as { port: number }).port}/`;
});

afterAll(async () => {
  for (const process of [...started]) await kill(process);
  server?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A browser of its own process group on the one profile, and its page. */
async function launch(): Promise<{ browser: Browser; page: Page; process: ChildProcess }> {
  const args = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"];
  const process = spawn(executable!, [...args, `--user-data-dir=${folder}`, "about:blank"], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  started.push(process);
  const endpoint = await new Promise<string>((found, failed) => {
    let said = "";
    process.stderr.on("data", (chunk: Buffer) => {
      said += String(chunk);
      const match = /DevTools listening on (ws:\S+)/.exec(said);
      if (match) found(match[1]);
    });
    process.once("exit", () => failed(new Error(`the browser did not start: ${said}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint);
  const page = await browser.contexts()[0].newPage();
  await page.goto(address);
  await page.waitForFunction("window.profile !== undefined");
  return { browser, page, process };
}

/** SIGKILL to the browser and all its children, at once. */
async function kill(process: ChildProcess): Promise<void> {
  const gone = new Promise((exit) => process.once("exit", exit));
  globalThis.process.kill(-process.pid!, "SIGKILL");
  await gone;
  started.splice(started.indexOf(process), 1);
}

const profileOf = (page: Page) => ({
  finished: () => page.evaluate(() => (window as unknown as Profile).profile.finished()),
  collection: () => page.evaluate(() => (window as unknown as Profile).profile.collection()),
  stray: () => page.evaluate(() => (window as unknown as Profile).profile.stray()),
  save: (value: number) =>
    page.evaluate((v) => (window as unknown as Profile).profile.save(v), value),
});

test.skipIf(!executable)(
  "a browser that is killed while it writes leaves no wrong matrix and loses no finished one",
  async () => {
    let { page, process } = await launch();
    const began = performance.now();
    await profileOf(page).save(1);
    const duration = performance.now() - began;
    let [value, ended, commits, interrupted] = [1, 1, 0, 0];
    for (const moment of moments) {
      const target = value + 1;
      const { done, committed } = await page.evaluate(
        ({ target, wait }) => (window as unknown as Profile).profile.write(target, wait),
        { target, wait: duration * moment },
      );
      if (done) ended = target;
      commits = Math.max(commits, committed);
      await kill(process);
      ({ page, process } = await launch());
      const profile = profileOf(page);
      const found = await profile.finished();
      // Whole, and either the one that was there before or the one that was being written.
      expect(found).toMatchObject({ whole: true, other: true });
      expect(found.value).toBeGreaterThanOrEqual(ended);
      expect([value, target]).toContain(found.value);
      const sums = await profile.collection();
      expect(sums.whole).toBe(true);
      expect(sums.commits).toBeGreaterThanOrEqual(commits);
      expect(await profile.stray()).toBe(0);
      if (found.value === value) interrupted++;
      value = ended = found.value;
      commits = sums.commits;
    }
    expect(interrupted).toBeGreaterThan(0);
  },
  240_000,
);
