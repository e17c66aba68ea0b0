import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { build } from "vite";
import { findChromium } from "../chromium.mjs";
import { root } from "../step.mjs";

const flags = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"];

/**
 * A browser with a profile of its own, that can be killed and launched again on what is left, and a page of one script,
 * served from one origin as long as this lives.
 */
export class PageBrowser {
  #folder;
  #server;
  #address;
  #process;
  #browser;

  /** Whether there is a Chromium to kill. */
  static get isThere() {
    return findChromium() !== undefined;
  }

  /** @param script path of the page's TypeScript, from the repository's root */
  static async open(script) {
    const made = new PageBrowser();
    made.#folder = await mkdtemp(join(tmpdir(), "palimpsest-page-"));
    const built = await build({
      configFile: false,
      logLevel: "error",
      publicDir: false,
      build: {
        write: false,
        minify: false,
        target: "esnext",
        rollupOptions: { input: join(root, script) },
      },
    });
    const [{ output }] = [built].flat();
    const page = `<!doctype html><title>kept</title><script type="module">${output[0].code}</script>`;
    made.#server = createServer((_, response) => {
      response.setHeader("content-type", "text/html").end(page);
    });
    await new Promise((listening) => made.#server.listen(0, "localhost", listening));
    made.#address = `http://localhost:${made.#server.address().port}/`;
    return made;
  }

  /** Starts the browser, in a process group of its own. */
  async launch() {
    const process = spawn(
      findChromium(),
      [...flags, `--user-data-dir=${this.#folder}`, "about:blank"],
      { detached: true, stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = process;
    const endpoint = await new Promise((found, failed) => {
      let said = "";
      process.stderr.on("data", (chunk) => {
        said += String(chunk);
        const match = /DevTools listening on (ws:\S+)/.exec(said);
        if (match) found(match[1]);
      });
      process.once("exit", () => failed(new Error(`the browser did not start: ${said}`)));
    });
    this.#browser = await chromium.connectOverCDP(endpoint);
  }

  /**
   * Another tab with the page, when its `profile` is there.
   *
   * @returns {Promise<import("playwright").Page>}
   */
  async tab() {
    const page = await this.#browser.contexts()[0].newPage();
    await page.goto(this.#address);
    await page.waitForFunction("window.profile !== undefined");
    return page;
  }

  /** Where the page is, without a path. */
  get origin() {
    return new URL(this.#address).origin;
  }

  /** SIGKILL to the browser and all its children, at once. */
  async kill() {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    const gone = new Promise((exit) => process.once("exit", exit));
    globalThis.process.kill(-process.pid, "SIGKILL");
    await gone;
  }

  /** Ends the browser, and removes its profile. */
  async close() {
    await this.kill();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
