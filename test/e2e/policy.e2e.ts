import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./page.ts";

const patience = { timeout: 120_000 };
const untraced = "/#trace.samples=1&kinds=none";

/** The page has loaded its model, and a worker has computed with it. */
const predicted = (page: Page) =>
  expect(page.getByRole("heading", { name: /^Next token, ten likeliest/ })).toBeVisible(patience);

/** Tries what an attacker who got some text into the page would try. */
async function attack(page: Page) {
  return page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "globalThis.attacked = true";
    document.head.append(script);
    const styled = document.createElement("div");
    styled.innerHTML = `<img src="https://attacker.invalid/x.png" onerror="globalThis.attacked = true">`;
    document.body.append(styled);
    const frame = document.createElement("iframe");
    frame.src = "https://attacker.invalid/";
    document.body.append(frame);
    await new Promise((wake) => setTimeout(wake, 500));
    return "attacked" in globalThis;
  });
}

test("what is not the page's own is refused and reported, in the page and in its worker", async ({
  page,
  violations,
}) => {
  await page.goto(untraced);
  await predicted(page);
  expect(violations).toEqual([]);
  expect(await attack(page)).toBe(false);
  for (const directive of ["script-src-elem inline", "img-src https://attacker.invalid/x.png"])
    expect(violations).toContain(directive);
  expect(violations.join("\n")).toMatch(/frame-src|child-src/);

  const [worker] = page.workers();
  await worker.evaluate("import('data:text/javascript,0').catch(() => undefined)");
  await expect.poll(() => violations.join("\n")).toMatch(/worker: script-src\S* data/);
  violations.length = 0;
});

test("a host that sets no headers: the page brings its policy itself, and works", async ({
  page,
  violations,
}) => {
  const types: Record<string, string> = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname.replace(/\/$/, "/index.html");
    const file = `dist${path}`;
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": types[extname(file)] ?? "application/octet-stream",
      "Content-Length": size,
    });
    createReadStream(file).pipe(response);
  }).listen(0, "localhost");
  try {
    await new Promise((listening) => server.once("listening", listening));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}${untraced}`);
    await predicted(page);
    expect(violations).toEqual([]);
    expect(await attack(page)).toBe(false);
    expect(violations).toContain("script-src-elem inline");
    violations.length = 0;
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
