import { createServer, type RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { fetchText } from "../../../src/engine/files/fetchText.ts";
import { urlSource } from "../../../src/engine/files/urlSource.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
let close: () => void = () => undefined;
afterEach(() => close());

/** The address of a server that answers so. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  close = () => server.close();
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/file`;
}

const ranged: RequestListener = (request, response) => {
  const [, begin, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "")!;
  const part = bytes.subarray(Number(begin), Number(end) + 1);
  const range = `bytes ${begin}-${end}/${bytes.length}`;
  response.writeHead(206, { "content-range": range }).end(part);
};

test("a server with ranges is asked for what is read, and no more", async () => {
  let served = 0;
  const url = await serve((request, response) => {
    ranged(request, response);
    served += Number(response.getHeader("content-length") ?? 0);
  });
  const source = await urlSource(url);
  expect(source.size).toBe(bytes.length);
  expect(await source.read(1000, 1005)).toEqual(bytes.slice(1000, 1005));
  expect(await source.read(5, 5)).toEqual(new Uint8Array(0));
  expect(served).toBeLessThan(100);
});

test("a server without ranges is read to its end once, and then from there", async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  });
  const seen: [number, number][] = [];
  const source = await urlSource(url, { onProgress: (...progress) => seen.push(progress) });
  expect(source.size).toBe(bytes.length);
  expect(await source.read(299_990, 300_000)).toEqual(bytes.slice(-10));
  expect(await source.read(0, 4)).toEqual(bytes.slice(0, 4));
  expect(asked).toBe(1);
  expect(seen.at(-1)).toEqual([300_000, 300_000]);
});

test("a refusal, and a file that changes, are sentences", async () => {
  const gone = await serve((_, response) => response.writeHead(404).end());
  await expect(urlSource(gone)).rejects.toThrow("/file could not be read (status 404)");
  close();
  await expect(urlSource(gone)).rejects.toThrow("could not reach http://127.0.0.1");
  let first = true;
  const changing = await serve((request, response) => {
    if (first) ranged(request, response);
    else response.writeHead(200).end("another file");
    first = false;
  });
  const source = await urlSource(changing);
  await expect(source.read(0, 100)).rejects.toThrow("changed while it was read");
});

test("a text arrives in pieces, characters whole", async () => {
  const text = "Štastný 🌉 ".repeat(20_000);
  const url = await serve((_, response) => response.end(text));
  let read = "";
  for await (const piece of fetchText(url)) read += piece;
  expect(read).toBe(text);
});
