import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blobFiles, hubUrl, urlFiles } from "../../../src/engine/files/ModelFiles.ts";

const weights = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let server: Server;
let origin = "";
let requests: string[] = [];

function send(
  response: ServerResponse,
  status: number,
  headers: object,
  body?: Uint8Array | string,
) {
  response.writeHead(status, { ...headers }).end(body);
}

/** /ranges honours Range, /whole ignores it, /nohead knows no HEAD, /page answers everything with its index page. */
function answer(method: string, url: string, range: string | undefined, response: ServerResponse) {
  const [, kind, file] = url.split("/");
  requests.push(`${method} ${url}${range ? ` ${range}` : ""}`);
  if (kind === "page")
    return send(response, 200, { "content-type": "text/html; charset=utf-8" }, "<html>");
  if (kind === "private") return send(response, 401, {});
  if (kind === "broken") return send(response, 503, {});
  if (file !== "model.safetensors") return send(response, 404, {});
  if (method === "HEAD" && kind === "nohead") return send(response, 405, {});
  const headers = { etag: '"v1"', "content-type": "application/octet-stream" };
  if (range && kind !== "whole") {
    const [begin, last] = range.replace("bytes=", "").split("-").map(Number);
    if (begin >= weights.length) return send(response, 416, headers);
    const part = weights.subarray(begin, last + 1);
    const at = `bytes ${begin}-${begin + part.length - 1}/${weights.length}`;
    return send(response, 206, { ...headers, "content-range": at }, part);
  }
  return send(response, 200, { ...headers, "content-length": weights.length }, weights);
}

beforeAll(async () => {
  server = createServer(({ method, url, headers }, response) =>
    answer(method!, url!, headers.range, response),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const at = (kind: string) => {
  requests = [];
  return urlFiles(`${origin}/${kind}`);
};

describe("an address", () => {
  test("gives whole files, ranges, sizes and stamps", async () => {
    const files = at("ranges");
    expect(await files.read("model.safetensors")).toEqual(weights);
    expect(await files.read("model.safetensors", [10, 20])).toEqual(weights.slice(10, 20));
    expect(await files.read("model.safetensors", [990, 2000])).toEqual(weights.slice(990));
    expect(await files.read("model.safetensors", [3000, 4000])).toHaveLength(0);
    expect(await files.size("model.safetensors")).toBe(1000);
    expect(await files.stamp?.("model.safetensors")).toBe('"v1"');
    expect(await files.has("model.safetensors")).toBe(true);
    expect(await files.has("nothing.json")).toBe(false);
    expect(requests).toContain("GET /ranges/model.safetensors bytes=10-19");
    expect(requests.filter((r) => r === "HEAD /ranges/model.safetensors")).toHaveLength(1);
  });

  test("whose server ignores Range is read once and cut here", async () => {
    const files = at("whole");
    expect(await files.read("model.safetensors", [10, 20])).toEqual(weights.slice(10, 20));
    expect(await files.read("model.safetensors", [500, 600])).toEqual(weights.slice(500, 600));
    expect(requests).toHaveLength(1);
  });

  test("whose server knows no HEAD is asked for one byte", async () => {
    const files = at("nohead");
    expect(await files.size("model.safetensors")).toBe(1000);
    expect(requests.at(-1)).toBe("GET /nohead/model.safetensors bytes=0-0");
  });

  test("names the model after its last part, or after the Hub's id and revision", () => {
    expect(urlFiles("https://example.org/models/tiny/")).toMatchObject({ name: "tiny" });
    expect(urlFiles("/models/demo")).toMatchObject({ name: "demo", revision: "unknown" });
    expect(urlFiles(hubUrl("openai-community/gpt2"))).toMatchObject({
      name: "openai-community/gpt2",
      revision: "main",
    });
    expect(urlFiles("https://huggingface.co/a/b/tree/float16")).toMatchObject({
      name: "a/b",
      revision: "float16",
    });
    expect(urlFiles("/x", { name: "demo", revision: "7" })).toMatchObject({
      name: "demo",
      revision: "7",
    });
  });

  test("a model's page on the Hub is read from its files", async () => {
    const asked: string[] = [];
    const fetch = (url: RequestInfo | URL) => {
      asked.push(url as string);
      return Promise.resolve(new Response("{}"));
    };
    await urlFiles("https://huggingface.co/openai-community/gpt2", { fetch }).read("config.json");
    expect(asked).toEqual([
      "https://huggingface.co/openai-community/gpt2/resolve/main/config.json",
    ]);
  });
});

describe("what goes wrong is said in one sentence", () => {
  test("no model there", async () => {
    await expect(at("ranges").read("config.json")).rejects.toThrow(
      `there is no model at ${origin}/ranges/: config.json is missing (status 404); check the address`,
    );
    await expect(at("ranges").read("vocab.json")).rejects.toThrow(
      `${origin}/ranges/ has no vocab.json`,
    );
  });

  test("a web page instead of a file", async () => {
    await expect(at("page").read("config.json")).rejects.toThrow("answers with a web page instead");
    await expect(at("page").read("model.safetensors", [0, 8])).rejects.toThrow(
      "a web page instead",
    );
    expect(await at("page").has("config.json")).toBe(false);
  });

  test("no permission", async () => {
    await expect(at("private").read("config.json")).rejects.toThrow("may not be read (status 401)");
    await expect(at("private").has("config.json")).rejects.toThrow("may not be read (status 401)");
  });

  test("a server in trouble", async () => {
    await expect(at("broken").read("config.json")).rejects.toThrow("(status 503); try again later");
  });

  test("no connection, and a later try is a new one", async () => {
    let online = false;
    const fetch = (...request: Parameters<typeof globalThis.fetch>) =>
      online ? globalThis.fetch(...request) : Promise.reject(new TypeError("fetch failed"));
    const files = urlFiles(`${origin}/ranges`, { fetch });
    await expect(files.has("model.safetensors")).rejects.toThrow(
      `could not reach ${origin}/ranges/model.safetensors; check the address and the connection`,
    );
    online = true;
    expect(await files.has("model.safetensors")).toBe(true);
  });

  test("a large file from a server that ignores Range", async () => {
    const headers = { "content-length": String(2 ** 31) };
    const fetch = () => Promise.resolve(new Response("", { headers }));
    await expect(urlFiles("/big", { fetch }).read("model.safetensors", [0, 8])).rejects.toThrow(
      "ignores Range requests, and the file of 2147483648 bytes is too large",
    );
  });

  test("a Hub id that is none", () => {
    expect(() => hubUrl("../../etc/passwd")).toThrow("invalid model: ../../etc/passwd (a Hub id");
    expect(() => hubUrl("a b")).toThrow("invalid model: a b");
    expect(() => hubUrl("a/..")).toThrow("invalid model: a/..");
  });
});

describe("a folder that was picked", () => {
  const files = blobFiles(
    new Map([
      ["tiny/config.json", new Blob(["{}"])],
      ["tiny/onnx/config.json", new Blob(["deeper"])],
      ["tiny/model.safetensors", new Blob([weights])],
    ]),
    "tiny",
  );

  test("gives files, ranges and sizes; the file nearest the top wins", async () => {
    expect(new TextDecoder().decode(await files.read("config.json"))).toBe("{}");
    expect(await files.read("model.safetensors", [5, 9])).toEqual(weights.slice(5, 9));
    expect(await files.size("model.safetensors")).toBe(1000);
    expect(await files.has("vocab.json")).toBe(false);
    expect(await files.size("vocab.json")).toBeUndefined();
  });

  test("says what is missing or can no longer be read", async () => {
    await expect(files.read("vocab.json")).rejects.toThrow("the folder tiny has no vocab.json");
    const gone = { size: 3, arrayBuffer: () => Promise.reject(new Error("NotReadableError")) };
    const changed = blobFiles(new Map([["config.json", gone as unknown as Blob]]), "tiny");
    await expect(changed.read("config.json")).rejects.toThrow(
      "config.json in tiny can no longer be read; open the folder again",
    );
  });
});
