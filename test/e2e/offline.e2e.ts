import { createReadStream, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./page.ts";

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};
const sub = "/people/palimpsest/";

/** The built page as the plainest host has it: in a folder of the site, without a header of its own. */
function plainHost(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    const name = pathname.startsWith(sub) ? pathname.slice(sub.length) || "index.html" : "";
    const file = join("dist", decodeURIComponent(name));
    const found = name && statSync(file, { throwIfNoEntry: false });
    if (!found || !found.isFile()) return response.writeHead(404).end();
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Length": found.size });
    if (request.method === "HEAD") return response.end();
    createReadStream(file).pipe(response);
    return undefined;
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });
const go = (page: Page, place: string) =>
  page
    .getByRole("navigation", { name: "Places" })
    .getByRole("link", { name: place, exact: true })
    .click();
const patience = { timeout: 120_000 };

test("from any path of a host without headers the page is isolated, and opens and traces without a network", async ({
  page,
}) => {
  const server = await plainHost();
  const { port } = server.address() as AddressInfo;
  try {
    await page.goto(`http://localhost:${port}${sub}#trace.samples=1&kinds=state`);
    await expect
      .poll(() => page.evaluate("crossOriginIsolated").catch(() => false), patience)
      .toBe(true);
    await expect(page.getByText("Built-in model", { exact: true })).toBeVisible(patience);
    const kept = async () => {
      const urls: string[] = [];
      for (const name of await caches.keys())
        urls.push(...(await (await caches.open(name)).keys()).map(({ url }) => url));
      return ["model.safetensors", "tokenizer.json", "config.json", ".npz", ".wasm"].filter(
        (end) => !urls.some((url) => url.endsWith(end)),
      );
    };
    await expect.poll(() => page.evaluate(kept).catch(() => ["all"]), patience).toEqual([]);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
  await page.reload();
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible(patience);
  expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  await button(page, "Trace").click(patience);
  await expect(page.getByText("p corrupted")).toBeVisible(patience);
});

test("while a table is scored a prediction answers, and the job stays in sight in every place, paused and gone on with", async ({
  page,
}) => {
  await page.goto("/#kinds=none");
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible(patience);
  await go(page, "Facts");
  await page.getByLabel("To try it, take").fill("499");
  await button(page, "Take them").click();
  await button(page, "Score the whole set").click(patience);
  const tray = page.getByRole("region", { name: "Jobs" });
  const job = tray.getByRole("progressbar");
  await expect(job).toBeVisible(patience);
  for (const place of ["Studies", "Edits", "Fact"]) {
    await go(page, place);
    await expect(job).toBeVisible();
  }
  await expect(page).toHaveTitle(/^\d+ % · /);
  await page.getByLabel("Prompt, up to its answer").fill("Marie Curie was born in");
  await expect(page.getByText(/\d tokens, as the model sees them/)).toBeVisible();
  const first = page.locator(".lists table").first();
  const before = await first.textContent();
  await page.getByLabel("Prompt, up to its answer").fill("The Eiffel Tower is in the city of");
  await expect(first).not.toHaveText(before!, { timeout: 10_000 });
  await expect(job).toBeVisible();
  await tray.getByRole("button", { name: /^Pause/ }).click();
  await expect(tray.getByText("paused", { exact: true })).toBeVisible(patience);
  await tray.getByRole("button", { name: /^Go on/ }).click();
  await expect(tray.getByText("paused", { exact: true })).toBeHidden();
  await tray.getByRole("button", { name: /^Cancel/ }).click();
  await expect(job).toBeHidden();
  await expect(tray.getByRole("status")).toContainText("cancelled");
});
