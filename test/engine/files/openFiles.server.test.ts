import { createServer, type RequestListener } from "node:http";
import { createServer as createSocketServer } from "node:net";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { fetchText } from "../../../src/engine/files/fetchText.ts";
import { urlFiles } from "../../../src/engine/files/ModelFiles.ts";
import { openFiles } from "../../../src/engine/files/openFiles.ts";
import { urlSource } from "../../../src/engine/files/urlSource.ts";

// A server on this machine, and not a fetch that is made up: what HTTP itself does with a lie is part of the answer.
const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251);
const patience = { tries: 2, backoff: 1, longest: 1, stall: 200 };
const sentence = /^[^\n\u001b]{20,300}$/;
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function address(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const http = (listener: RequestListener) => address(createServer(listener));

/** A server that answers with these words, whatever is asked, and hangs up. */
async function raw(words: string): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(words));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Everyone who reads files of servers: reads the whole of one that has the content above. */
const readers: Record<string, (url: string) => Promise<Uint8Array>> = {
  openFiles: async (url) => {
    const files = await openFiles({ address: url }, { patience, partSize: 30_000 });
    const bytes = await files.read("weights.bin");
    await files.verify?.();
    return bytes;
  },
  urlFiles: async (url) => {
    const files = urlFiles(url);
    await files.size("weights.bin");
    return files.read("weights.bin", [0, content.length]);
  },
  urlSource: async (url) => (await urlSource(`${url}/weights.bin`)).read(0, content.length),
  fetchText: async (url) => {
    let text = "";
    for await (const piece of fetchText(`${url}/weights.bin`)) text += piece;
    return text === new TextDecoder().decode(content) ? content : Uint8Array.of(text.length);
  },
};

/** What a range asks for. */
const asked = (range = "") => {
  const [, begin, end] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
  return begin === undefined ? undefined : ([Number(begin), Number(end) + 1] as const);
};

/** A server without this lie. */
const honest: RequestListener = (request, response) => {
  if (!request.url?.endsWith("weights.bin")) return response.writeHead(404).end();
  const range = asked(request.headers.range);
  if (!range) return response.writeHead(200, { "content-length": content.length }).end(content);
  const [begin, end] = [range[0], Math.min(range[1], content.length)];
  const headers = { "content-range": `bytes ${begin}-${end - 1}/${content.length}` };
  return response.writeHead(206, headers).end(content.subarray(begin, end));
};

/** Lies told only in answer to GET of the file; everything else is honest. */
const lying =
  (lie: RequestListener): RequestListener =>
  (request, response) =>
    (request.method === "GET" && request.url?.endsWith("weights.bin") ? lie : honest)(
      request,
      response,
    );

const all = content.length;
const lies: Record<string, RequestListener> = {
  "a length that is too long": (_, response) => {
    response.writeHead(200, { "content-length": all + 1000 });
    response.write(content);
    setTimeout(() => response.destroy(), 20);
  },
  "half of the length, and the connection ends": (_, response) => {
    response.writeHead(200, { "content-length": all });
    response.write(content.subarray(0, all / 2));
    setTimeout(() => response.destroy(), 20);
  },
  "a part for the whole": (_, response) => {
    response.writeHead(206, { "content-range": `bytes 0-9/${all}` }).end(content.subarray(0, 10));
  },
  "another part than the one asked for": ({ headers: { range } }, response) => {
    const [begin, end] = asked(range) ?? [0, all];
    const shifted = `bytes ${begin + 5}-${end + 4}/${all}`;
    response.writeHead(206, { "content-range": shifted }).end(content.subarray(begin + 5, end + 5));
  },
  "a range of no form": ({ headers: { range } }, response) => {
    const [begin, end] = asked(range) ?? [0, all];
    response.writeHead(206, { "content-range": "bytes lots" }).end(content.subarray(begin, end));
  },
  "a page for the file": (_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
  },
  "an answer that never comes": () => undefined,
  "a status that is none of ours": (_, response) => void response.writeHead(299).end(),
  "an empty body": (_, response) => void response.writeHead(200).end(),
  "an error": (_, response) => void response.writeHead(500).end("\u001b[2J"),
  "a compressed body that is cut short": (_, response) => {
    const packed = gzipSync(content);
    response.writeHead(200, { "content-encoding": "gzip" }).end(packed.subarray(0, 200));
  },
  "a compressed body that is none": (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(content);
  },
};

/**
 * What a reader cannot know: nothing ends an answer that does not come but its own reader, and without a length a shorter
 * file is a file; what these read are archives, whose sums tell.
 */
const unseen: Record<string, string[]> = {
  urlFiles: ["an answer that never comes"],
  urlSource: ["an answer that never comes", "an empty body", "a compressed body that is cut short"],
};

/** The right bytes, or a sentence; soon in both cases. */
async function expectRightOrSentence(read: () => Promise<Uint8Array>): Promise<string> {
  const timer = new Promise<string>((late) => setTimeout(() => late("nothing"), 8000).unref());
  const outcome = read().then(
    (bytes) => (Buffer.compare(bytes, content) === 0 ? "right" : `${bytes.length} wrong bytes`),
    (error: Error) => error.message,
  );
  const found = await Promise.race([outcome, timer]);
  if (found !== "right") expect(found).toMatch(sentence);
  if (found !== "right") expect(found).toMatch(/127\.0\.0\.1|weights\.bin/);
  return found;
}

describe.each(Object.keys(readers).filter((name) => name !== "fetchText"))("%s", (name) => {
  const read = readers[name];

  test("an honest server", async () => {
    expect([...(await read(await http(honest)))]).toEqual([...content]);
  });

  test.each(Object.keys(lies))("%s", { timeout: 10_000 }, async (lie) => {
    if (unseen[name]?.includes(lie)) return;
    const url = await http(lying(lies[lie]));
    await expectRightOrSentence(() => read(url));
  });

  test.each([
    ["no HTTP", "hello\r\n\r\n"],
    ["nothing", ""],
    ["a header without an end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nabc"],
    ["chunks of no size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 9\r\n\r\nabc"],
  ])("%s", { timeout: 10_000 }, async (_, words) => {
    const url = await raw(words);
    expect(await expectRightOrSentence(() => read(url))).not.toBe("right");
  });

  test("addresses that lead to each other, or out of the web", async () => {
    const circle = await http(({ url }, response) =>
      response.writeHead(302, { location: url! }).end(),
    );
    expect(await expectRightOrSentence(() => read(circle))).not.toBe("right");
    const location = "file:///etc/passwd";
    const out = await http((_, response) => response.writeHead(302, { location }).end());
    expect(await expectRightOrSentence(() => read(out))).not.toBe("right");
  });
});

test("a text whose server hangs up is no whole text", async () => {
  const url = await http(lies["half of the length, and the connection ends"]);
  await expect(readers.fetchText(url)).rejects.toThrow(/the connection was lost while reading/);
});

describe("a small file", () => {
  const small = [
    ["that is packed a thousandfold", gzipSync(Buffer.alloc(80 * 2 ** 20))],
    ["without an end", undefined],
  ] as const;
  test.each(small)("%s is not taken whole", { timeout: 20_000 }, async (_, packed) => {
    let sent = 0;
    const piece = Buffer.alloc(2 ** 20, " ");
    const url = await http((request, response) => {
      if (!request.url?.endsWith("config.json")) return response.writeHead(404).end();
      if (request.method === "HEAD") return response.writeHead(200).end();
      if (packed) return response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
      };
      response.writeHead(200).on("drain", more);
      more();
    });
    for (const read of [
      () => urlFiles(url).read("config.json"),
      async () => (await openFiles({ address: url }, { patience })).read("config.json"),
    ]) {
      await expect(read()).rejects.toThrow(sentence);
    }
    expect(sent).toBeLessThan(2 ** 28);
  });
});

test("a drip of bytes ends when it is stopped", async () => {
  const stop = new AbortController();
  const drip = lying((_, response) => {
    response.writeHead(200, { "content-length": all });
    const timer = setInterval(() => response.write("x"), 5);
    response.on("close", () => clearInterval(timer));
  });
  const files = await openFiles({ address: await http(drip) }, { patience, signal: stop.signal });
  const reading = files.read("weights.bin");
  setTimeout(() => stop.abort(new Error("stopped")), 100);
  await expect(reading).rejects.toThrow("stopped");
});
