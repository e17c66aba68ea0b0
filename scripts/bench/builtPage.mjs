import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "../chromium.mjs";

/** Milliseconds that a busy machine is given. */
const PATIENCE = 300_000;

/**
 * Serves a built page and does something with a Chromium beside it.
 *
 * @template T
 * @param {string} folder
 * @param {(open: (path?: string) => Promise<import("playwright").Page>) => Promise<T>} work given what opens the page in a
 *   browser that has never seen it
 * @returns {Promise<T>}
 */
async function beside(folder, work) {
  // A page of another commit goes by the headers of its own server.
  const own = [resolve(folder, "../scripts/serve.mjs"), resolve("scripts/serve.mjs")];
  const { serve } = await import(pathToFileURL(own.find(existsSync)).href);
  const server = await serve(folder, { port: 0, host: "localhost" });
  const { chromium: launcher } = await import("playwright");
  const browser = await launcher.launch({
    headless: false, // --headless=new: the page's own browser, not the headless shell
    args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
    executablePath: await chromium(),
  });
  try {
    return await work(async (prepare = () => undefined) => {
      // A first visit: nothing is kept, and no service worker fetches beside it.
      const context = await browser.newContext({ serviceWorkers: "block" });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      prepare(page);
      await page.goto(`http://localhost:${server.address().port}/`);
      return page;
    });
  } finally {
    await browser.close();
    server.close();
  }
}

/**
 * What opening a built page costs: seconds to the first paint, to a model that is ready and to the whole first trace, and
 * bytes of the JavaScript that was fetched until then, compressed and as it is.
 *
 * @param {string} folder
 * @param {number} runs
 */
export async function measureOpening(folder, runs) {
  return beside(folder, async (open) => {
    const times = { paint: [], ready: [], traced: [] };
    let bytes = {};
    for (let run = 0; run < runs; run++) {
      const scripts = new Map();
      const page = await open((page) =>
        page.context().on("response", (response) => {
          if (/\.m?js$/.test(new URL(response.url()).pathname))
            scripts.set(response.url(), response.body());
        }),
      );
      const now = () => page.evaluate("performance.now()");
      await page.getByText("Built-in model", { exact: true }).waitFor();
      times.ready.push(await now());
      await page.getByRole("button", { name: "Download attn as npz" }).waitFor();
      times.traced.push(await now());
      const paints = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
      times.paint.push((await page.evaluate(paints)) ?? NaN);
      const bodies = await Promise.all(scripts.values());
      bytes = {
        files: bodies.length,
        plain: sum(bodies.map((body) => body.length)),
        compressed: sum(bodies.map((body) => gzipSync(body, { level: 9 }).length)),
      };
      await page.context().close();
    }
    const seconds = Object.entries(times).map(([name, all]) => [name, median(all) / 1000]);
    return { ...Object.fromEntries(seconds), ...bytes, runs };
  });
}

/** Jobs that take long: how each is begun, from the page as it opens. */
const jobs = {
  "a table run": async (page) => {
    await go(page, "Facts");
    await page.getByLabel("To try it, take").fill("499");
    await page.getByRole("button", { name: "Take them" }).click();
    await page.getByRole("button", { name: "Score the whole set" }).click();
  },
  "a collection": async (page) => {
    await go(page, "Edits");
    const form = page.getByRole("form", { name: "Collect statistics" });
    await form.getByLabel("Layers").fill("1, 2, 3");
    await form.getByLabel("Text", { exact: true }).selectOption("paste");
    const line = (_, i) => `Town ${i} is in the region of ${i % 17}, and town ${i + 1} is not.`;
    await form.getByLabel("The text").evaluate(
      (area, pasted) => {
        area.value = pasted;
        area.dispatchEvent(new Event("input", { bubbles: true }));
      },
      Array.from({ length: 3000 }, line).join("\n"),
    );
    await form.getByLabel("Multiple of dMlp").fill("20");
    await form.getByRole("button", { name: "Collect" }).click();
  },
  "a study": async (page) => {
    await go(page, "Studies");
    await page.getByRole("button", { name: "Plan" }).click();
    await page.getByRole("button", { name: /^(Run|Go on)$/ }).click();
  },
};

const go = (page, place) =>
  page
    .getByRole("navigation", { name: "Places" })
    .getByRole("link", { name: place, exact: true })
    .click();

/**
 * Seconds from a change of the prompt to the prediction that is shown, with nothing else under way and while each of
 * {@link jobs} is: the page's own wait for the end of typing, tokens, queue, forward pass and drawing included.
 *
 * @param {string} folder
 * @param {number} asked how often
 */
export async function measureAnswers(folder, asked) {
  return beside(folder, async (open) => {
    const found = [];
    for (const [name, begin] of [["nothing", undefined], ...Object.entries(jobs)]) {
      const page = await open();
      await page.getByRole("button", { name: "Download attn as npz" }).waitFor();
      await begin?.(page);
      if (begin) await page.locator(".tray .job progress").waitFor();
      if (begin) await go(page, "Fact");
      await page.locator("textarea[data-prompt]").waitFor();
      const seconds = [];
      let beside = 0;
      for (let i = 0; i < asked; i++) {
        seconds.push(await page.evaluate(ask, `The town number ${i} of Spain is in`));
        beside += await page.locator(".tray .job progress").count();
      }
      found.push({ name, median: median(seconds), worst: Math.max(...seconds), asked, beside });
      await page.context().close();
    }
    return found;
  });
}

/** In the page: types a prompt, and waits until another prediction is shown. */
function ask(prompt) {
  const area = document.querySelector("textarea[data-prompt]");
  const shown = () => document.querySelector(".lists table")?.textContent;
  return new Promise((resolve) => {
    const [before, begun] = [shown(), performance.now()];
    const look = () => {
      if (shown() === before) return requestAnimationFrame(look);
      const seconds = (performance.now() - begun) / 1000;
      // Not at the same moment of the job's step each time.
      setTimeout(() => resolve(seconds), 150 + 250 * Math.random());
    };
    area.value = prompt;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    look();
  });
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
