import { mkdir, readdir, readlink, symlink, truncate, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { request, type Server } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { serve } from "../../scripts/serve.mjs";
import { folderTest } from "../support/call.ts";

const page = "<!doctype html><script>document.title = 1</script>";
const test = folderTest.extend<{ address: string }>({
  address: async ({ folder }, use) => {
    await mkdir(join(folder, "served", "assets"), { recursive: true });
    await writeFile(join(folder, "served", "index.html"), page);
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
  expect(await response.text()).toBe(page);
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
});

test("every answer carries the policy: a file's, a missing one's and that nothing has changed", async ({
  address,
}) => {
  const first = await fetch(`${address}/`);
  const etag = first.headers.get("etag")!;
  const others = [
    await fetch(`${address}/numbers.bin`),
    await fetch(`${address}/none`),
    await fetch(`${address}/`, { headers: { "if-none-match": etag } }),
  ];
  for (const { headers } of [first, ...others]) {
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; /);
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  }
  expect(first.headers.get("content-security-policy")).toContain("'sha256-");
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

/** The status that a path gets as it is, which fetch would not send so, and under any Host. */
const raw = (address: string, path: string, host?: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const headers = host === undefined ? {} : { host };
    request({ hostname, port, path, headers }, ({ statusCode }) => resolve(statusCode))
      .on("error", reject)
      .end();
  });

test("serves nothing outside its folder", async ({ address }) => {
  expect(await raw(address, "/../secret")).toBe(404);
  expect(await raw(address, "/..%2fsecret")).toBe(404);
  expect(await raw(address, "/%E0%A4%A")).toBe(404);
  expect(await raw(address, "/assets")).toBe(404);
  expect((await fetch(`${address}/`, { method: "POST" })).status).toBe(405);
});

test("follows no link out of its folder", async ({ address, folder }) => {
  const served = join(folder, "served");
  await symlink(join(folder, "secret"), join(served, "file"));
  await symlink(folder, join(served, "out"));
  await symlink("numbers.bin", join(served, "within"));
  expect(await raw(address, "/file")).toBe(404);
  expect(await raw(address, "/out/secret")).toBe(404);
  expect(await raw(address, "/within")).toBe(200);
});

test("answers this machine's own names only", async ({ address }) => {
  for (const host of ["localhost:80", "127.0.0.1", "[::1]:8080", "lab.localhost"]) {
    expect(await raw(address, "/", host)).toBe(200);
  }
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "@"]) {
    expect(await raw(address, "/", host)).toBe(421);
  }
});

test("answers any name where it is asked to serve others", async ({ folder }) => {
  await mkdir(join(folder, "open"));
  await writeFile(join(folder, "open", "index.html"), "");
  const server = (await serve(join(folder, "open"), { port: 0, host: "0.0.0.0" })) as Server;
  const { port } = server.address() as AddressInfo;
  expect(await raw(`http://127.0.0.1:${port}`, "/", "lab.example:8080")).toBe(200);
  server.close();
});

test.skipIf(process.platform !== "linux")(
  "a download that is broken off leaves no file open",
  async ({ address, folder }) => {
    const path = join(folder, "served", "large.bin");
    await writeFile(path, "");
    await truncate(path, 2 ** 26);
    const open = async () => {
      const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`));
      const names = (await Promise.allSettled(links)).map((link) => "value" in link && link.value);
      return names.filter((name) => String(name).endsWith("large.bin")).length;
    };
    for (let i = 0; i < 30; i++) {
      const stop = new AbortController();
      const { body } = await fetch(`${address}/large.bin`, { signal: stop.signal });
      await body!.getReader().read();
      stop.abort();
    }
    await expect.poll(open).toBe(0);
  },
);
