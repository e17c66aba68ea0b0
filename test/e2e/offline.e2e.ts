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
