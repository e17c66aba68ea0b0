import { mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { request, type Server } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { serve } from "../../scripts/serve.mjs";
import { folderTest } from "../support/call.ts";

const test = folderTest.extend<{ address: string }>({
  address: async ({ folder }, use) => {
    await mkdir(join(folder, "served", "assets"), { recursive: true });
    await writeFile(join(folder, "served", "index.html"), "<!doctype html>");
    await writeFile(join(folder, "served", "numbers.bin"), Uint8Array.of(0, 1, 2, 3, 4, 5));
    await writeFile(join(folder, "secret"), "not served");
    const server = (await serve(join(folder, "served"), { port: 0, host: "localhost" })) as Server;
    await use(`http://localhost:${(server.address() as AddressInfo).port}`);
    server.close();
    server.closeAllConnections();
  },
});

const bytes = async (response: Response) => [...new Uint8Array(await response.arrayBuffer())];

test("serves a page that is cross-origin isolated", async ({ address }) => {
  const response = await fetch(`${address}/`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("<!doctype html>");
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
});

test("serves ranges of bytes", async ({ address }) => {
  const part = (range: string) => fetch(`${address}/numbers.bin`, { headers: { range } });
  const middle = await part("bytes=2-3");
  expect(middle.status).toBe(206);
  expect(middle.headers.get("content-range")).toBe("bytes 2-3/6");
  expect(await bytes(middle)).toEqual([2, 3]);
  expect(await bytes(await part("bytes=4-99"))).toEqual([4, 5]);
  expect(await bytes(await part("bytes=-2"))).toEqual([4, 5]);
  expect(await bytes(await part("bytes=5-"))).toEqual([5]);
  expect((await part("bytes=6-")).status).toBe(416);
});

test("answers a question for a file that has not changed with 304", async ({ address }) => {
  const tag = (await fetch(`${address}/numbers.bin`)).headers.get("etag")!;
  const again = await fetch(`${address}/numbers.bin`, { headers: { "if-none-match": tag } });
  expect(again.status).toBe(304);
});

test("serves nothing outside its folder", async ({ address }) => {
  const raw = (path: string) =>
    new Promise<number | undefined>((resolve) => {
      const { hostname, port } = new URL(address);
      request({ hostname, port, path }, ({ statusCode }) => resolve(statusCode)).end();
    });
  expect(await raw("/../secret")).toBe(404);
  expect(await raw("/..%2fsecret")).toBe(404);
  expect(await raw("/%E0%A4%A")).toBe(404);
  expect(await raw("/assets")).toBe(404);
  expect((await fetch(`${address}/`, { method: "POST" })).status).toBe(405);
});
