import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A model's files by path. */
export type Files = Record<string, Uint8Array>;

/** What goes wrong with one answer. */
export type Fault =
  | { kind: "drop"; after: number }
  | { kind: "status"; status: 429 | 500 | 503; retryAfter?: number }
  | { kind: "everything" }
  | { kind: "wrongRange" }
  | { kind: "corrupt"; at: number }
  | { kind: "truncated"; after: number }
  | { kind: "short"; after: number }
  | { kind: "slow"; milliseconds: number }
  | { kind: "page" };

const hash = (algorithm: string, ...parts: (Uint8Array | string)[]) => {
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part);
  return digest.digest("hex");
};

const isLarge = (path: string) => /\.(safetensors|bin)$/.test(path);
const gitHash = (bytes: Uint8Array) => hash("sha1", `blob ${bytes.length}\0`, bytes);
const etagOf = (bytes: Uint8Array) => `"${hash("md5", bytes)}"`;

/**
 * A server on this machine that behaves like the Hub: its API under /api, `resolve` addresses that redirect large files
 * to a signed address of a CDN, and git's and LFS's hashes. The newest files are also served as a plain folder: /static
 * with ranges, /whole without.
 */
export class HubServer {
  readonly id = "org/tiny";
  /** Every request: "GET /path bytes=0-9". */
  requests: string[] = [];
  /** Bytes of files that were sent. */
  sent = 0;
  /** The most requests for a file's bytes that were open at a time. */
  peak = 0;
  /** Chosen for every answer with a file or a list; of a file, by the range that is asked for, too. */
  fault: (url: string, range?: string) => Fault | undefined = () => undefined;
  /** Entries of a page of the list of files. */
  page = 2;
  /** Milliseconds before an answer with a file. */
  delay = 0;
  #open = 0;
  readonly #commits = new Map<string, Files>();
  readonly #branches = new Map<string, string>();
  readonly #rotten = new Map<string, Uint8Array>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((ready) => this.#server.listen(0, "127.0.0.1", ready));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Moves a branch to a new commit with these files, and returns it. */
  commit(files: Files, branch = "main"): string {
    const commit = hash("sha1", ...Object.entries(files).flat());
    this.#commits.set(commit, files);
    this.#branches.set(branch, commit);
    return commit;
  }

  /** Sends other bytes for a file than its hash says, from now on; undefined ends that. */
  rot(path: string, bytes: Uint8Array | undefined): void {
    if (bytes) this.#rotten.set(path, bytes);
    else this.#rotten.delete(path);
  }

  /** Resolves when no answer with a file is under way. */
  async idle(): Promise<void> {
    while (this.#open > 0) await new Promise((wake) => setTimeout(wake, 1));
  }

  /** Forgets what was counted. */
  reset(): void {
    this.requests = [];
    this.sent = this.peak = 0;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = request;
    this.requests.push(`${method} ${url}${headers.range ? ` ${headers.range}` : ""}`);
    response.setHeader("access-control-allow-origin", "*");
    const { pathname, searchParams } = new URL(url, this.origin);
    const [, room, ...rest] = pathname.split("/");
    if (room === "api") return this.#list(rest.slice(1), searchParams, response);
    this.peak = Math.max(this.peak, ++this.#open);
    let open = true;
    const done = () => {
      if (open) this.#open--;
      open = false;
    };
    response.on("finish", done).on("close", done);
    if (this.delay > 0) await new Promise((wake) => setTimeout(wake, this.delay));
    const fault = method === "GET" ? this.fault(url, headers.range) : undefined;
    if (fault && refuse(fault, response)) return;
    if (room === "cdn") return this.#cdn({ rest, searchParams, request, response, fault });
    if (room === "static" || room === "whole") {
      return this.#folder({ room, path: rest.join("/"), request, response, fault });
    }
    await this.#resolve({ parts: [room, ...rest], request, response, fault });
  }

  #list(parts: string[], query: URLSearchParams, response: ServerResponse): void {
    const fault = this.fault(`/api/${parts.join("/")}`);
    if (fault && refuse(fault, response)) return;
    const [org, name, what, revision] = parts;
    if (`${org}/${name}` !== this.id) return end(response, 401, { error: "Invalid username" });
    const commit = this.#commitOf(decodeURIComponent(revision));
    if (!commit) return end(response, 404, { error: "Invalid rev id" });
    if (what === "revision") return end(response, 200, { id: this.id, sha: commit });
    const entries = listing(this.#commits.get(commit)!);
    const from = Number(query.get("cursor") ?? 0);
    const next = from + this.page;
    if (next < entries.length) {
      const link = `https://hub.invalid/api/${["models", ...parts].join("/")}?recursive=true&cursor=${next}`;
      response.setHeader("link", `<${link}>; rel="next"`);
    }
    end(response, 200, entries.slice(from, next));
  }

  #commitOf(revision: string): string | undefined {
    return this.#commits.has(revision) ? revision : this.#branches.get(revision);
  }

  async #resolve({ parts, ...exchange }: Exchange & { parts: string[] }): Promise<void> {
    const [org, name, , revision, ...rest] = parts;
    const path = decodeURIComponent(rest.join("/"));
    const commit = this.#commitOf(decodeURIComponent(revision));
    const bytes = commit && this.#commits.get(commit)![path];
    if (`${org}/${name}` !== this.id || !bytes) return end(exchange.response, 404, {});
    if (!isLarge(path)) {
      const body = this.#rotten.get(path) ?? bytes;
      return this.#send(body, `"${gitHash(bytes)}"`, exchange);
    }
    exchange.response.writeHead(302, {
      location: `/cdn/${commit}/${rest.join("/")}?Expires=1&X-Signature=${hash("md5", path)}`,
      "x-linked-etag": `"${hash("sha256", bytes)}"`,
      "x-linked-size": bytes.length,
      "x-repo-commit": commit,
    });
    exchange.response.end();
  }

  #cdn(
    exchange: Exchange & { rest: string[]; searchParams: URLSearchParams },
  ): Promise<void> | void {
    const [commit, ...rest] = exchange.rest;
    const path = decodeURIComponent(rest.join("/"));
    if (exchange.searchParams.get("X-Signature") !== hash("md5", path)) {
      return end(exchange.response, 403, {});
    }
    const bytes = this.#commits.get(commit)![path];
    return this.#send(this.#rotten.get(path) ?? bytes, etagOf(bytes), exchange);
  }

  #folder({ room, path, ...exchange }: Exchange & { room: string; path: string }) {
    const files = this.#commits.get(this.#branches.get("main")!)!;
    const bytes = files[path] as Uint8Array | undefined;
    if (!bytes) return end(exchange.response, 404, {});
    const fault: Fault | undefined = room === "whole" ? { kind: "everything" } : undefined;
    const both = { ...exchange, fault: exchange.fault ?? fault, ranges: room !== "whole" };
    return this.#send(this.#rotten.get(path) ?? bytes, etagOf(bytes), both);
  }

  async #send(bytes: Uint8Array, etag: string, exchange: Exchange): Promise<void> {
    const sent = await send(bytes, etag, exchange);
    this.sent += sent;
  }
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  fault: Fault | undefined;
  ranges?: boolean;
}

function end(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
}

/** The faults that replace an answer. */
function refuse(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === "status") {
    const { status, retryAfter } = fault;
    const after = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    response.writeHead(status, after).end();
    return true;
  }
  if (fault.kind !== "page") return false;
  response
    .writeHead(200, { "content-type": "text/html" })
    .end("<html>Sign in to the hotel's network");
  return true;
}

/** Sends a file or a range of it, as the fault has it; returns how many bytes went out. */
async function send(bytes: Uint8Array, etag: string, exchange: Exchange): Promise<number> {
  const { request, response, fault, ranges = true } = exchange;
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const partial = range !== null && ranges && fault?.kind !== "everything";
  let [begin, stop] = partial ? [Number(range[1]), Number(range[2]) + 1] : [0, bytes.length];
  if (partial && begin >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return 0;
  }
  stop = Math.min(stop, bytes.length);
  if (partial && fault?.kind === "wrongRange") [begin, stop] = [0, stop - begin];
  const body = Uint8Array.from(bytes.subarray(begin, stop));
  if (fault?.kind === "corrupt" && body.length) body[fault.at % body.length] ^= 0x40;
  if (partial) response.setHeader("content-range", `bytes ${begin}-${stop - 1}/${bytes.length}`);
  if (fault?.kind !== "short") response.setHeader("content-length", body.length);
  response.writeHead(partial ? 206 : 200, { etag, "content-type": "application/octet-stream" });
  if (request.method === "HEAD") {
    response.end();
    return 0;
  }
  return sendBody(body, response, fault);
}

async function sendBody(
  body: Uint8Array,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<number> {
  if (fault?.kind === "slow") {
    await new Promise((wake) => setTimeout(wake, fault.milliseconds));
  }
  if (fault?.kind === "drop" || fault?.kind === "truncated" || fault?.kind === "short") {
    const sent = body.subarray(0, fault.after % body.length);
    if (fault.kind === "short") response.end(sent);
    else {
      await new Promise((written) => response.write(sent, written));
      if (fault.kind === "drop") response.destroy();
      else response.socket?.end();
    }
    return sent.length;
  }
  response.end(body);
  return body.length;
}

/** The API's list of files. */
function listing(files: Files): object[] {
  const entries = Object.entries(files).map(([path, bytes]) => {
    if (!isLarge(path)) return { type: "file", path, size: bytes.length, oid: gitHash(bytes) };
    const lfs = { oid: hash("sha256", bytes), size: bytes.length, pointerSize: 134 };
    return { type: "file", path, size: bytes.length, oid: hash("sha1", path), lfs };
  });
  return [{ type: "directory", path: "onnx", size: 0, oid: "0" }, ...entries];
}

/** Bytes that follow from a number, the same every time. */
export function seededBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed * 2654435761 + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** The manifest that lies beside converted files. */
export function manifest(files: Files): Uint8Array {
  const list: Record<string, { size: number; sha256: string }> = {};
  for (const [path, bytes] of Object.entries(files)) {
    list[path] = { size: bytes.length, sha256: hash("sha256", bytes) };
  }
  const about = { format: 1, bits: 16, block: 32, source: { name: "m", revision: "1" } };
  return new TextEncoder().encode(JSON.stringify({ ...about, files: list }));
}
