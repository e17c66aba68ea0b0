import { createReadStream, readFileSync, realpathSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream";
import { headersOf } from "./policy.mjs";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/**
 * Serves a folder, cross-origin isolated and under the page's policy, with byte ranges; resolves with the server once it listens. On this machine's
 * own names it answers these names only: a page of another site that gives its name this machine's address gets nothing.
 */
export function serve(folder, { port, host }) {
  const served = realpathSync(resolve(folder));
  const server = createServer((request, response) => {
    if (isOwnName(host) && !isOwnName(nameOf(request.headers.host))) return refuse(response);
    answer(served, request, response);
  });
  return new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(port, host, () => listening(server));
  });
}

/** The name in a Host header, without its port; undefined where it is none. */
function nameOf(header) {
  try {
    return new URL(`http://${header}`).hostname;
  } catch {
    return undefined;
  }
}

const isOwnName = (name) =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(name ?? "");

function refuse(response) {
  response.writeHead(421, { ...headersOf(), "Content-Type": types[".txt"] });
  response.end("This address is not served here: open http://localhost, or npm start -- --host.\n");
}

function answer(folder, request, response) {
  const end = (status, headers = {}) => {
    response.writeHead(status, { ...headersOf(), ...headers });
    response.end();
  };
  if (request.method !== "GET" && request.method !== "HEAD") return end(405);
  const file = find(folder, request.url);
  if (!file) return end(404);
  const isHtml = extname(file.path) === ".html";
  const headers = {
    ...headersOf(isHtml ? readFileSync(file.path, "utf8") : ""),
    "Accept-Ranges": "bytes",
    "Content-Type": types[extname(file.path)] ?? "application/octet-stream",
    // Names in assets/ hold a hash of their content; everything else is asked for again.
    "Cache-Control": file.path.includes(`${sep}assets${sep}`)
      ? "public, max-age=31536000, immutable"
      : "no-cache",
    ETag: file.tag,
  };
  if (request.headers["if-none-match"] === file.tag) return end(304, headers);
  const range = parseRange(request.headers.range, file.size);
  if (range === "unsatisfiable") return end(416, { "Content-Range": `bytes */${file.size}` });
  const { start, last } = range ?? { start: 0, last: file.size - 1 };
  if (range) headers["Content-Range"] = `bytes ${start}-${last}/${file.size}`;
  response.writeHead(range ? 206 : 200, { ...headers, "Content-Length": last - start + 1 });
  if (request.method === "HEAD" || file.size === 0) return response.end();
  // Closes the file also where the reader goes away.
  pipeline(createReadStream(file.path, { start, end: last }), response, () => undefined);
}

/** The file that an address means, or undefined where there is none in the folder. */
function find(folder, url) {
  let path;
  try {
    path = join(folder, decodeURIComponent(new URL(url, "http://localhost").pathname));
    if (path.endsWith(sep)) path = join(path, "index.html");
    if (!path.startsWith(folder + sep)) return undefined;
    // Where links lead counts, not where they lie.
    path = realpathSync(path);
    if (!path.startsWith(folder + sep)) return undefined;
    const found = statSync(path);
    if (!found.isFile()) return undefined;
    return { path, size: found.size, tag: `"${found.size}-${Math.round(found.mtimeMs)}"` };
  } catch {
    return undefined; // not a URL, or no such file
  }
}

/** One byte range of `Range: bytes=…`; undefined (send everything) for none and for forms not served. */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  return start > last ? "unsatisfiable" : { start, last };
}
