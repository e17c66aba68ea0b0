// The page's service worker: keeps the files of one version of the page, answers with them without a network, and adds the
// headers of isolation that a host does not set. Models are none of its business: the page keeps those itself.
/* global self, caches, fetch, Response, URL */

/** Filled in where the page is built: what this version is called, its files, and the headers of isolation. */
const { version, files, isolation } = /* BUILT */ { version: "", files: [], isolation: {} };

const PREFIX = "palimpsest-page ";
const NAME = PREFIX + version;
const scope = new URL("./", self.location.href).href;
const page = new URL("index.html", scope).href;
const own = new Set(files.map((file) => new URL(file, scope).href));

self.addEventListener("install", (event) => event.waitUntil(keepAll()));

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

// A new version waits until the reader wants it: the page under it may be in the middle of something.
self.addEventListener("message", ({ data }) => {
  if (data === "take over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = request.url.split(/[?#]/)[0];
  const asked = url === scope || (request.mode === "navigate" && url === page) ? page : url;
  if (own.has(asked)) event.respondWith(answer(asked));
});

async function keepAll() {
  const cache = await caches.open(NAME);
  // A file that has its content in its name is taken from where the browser has it already.
  await Promise.all(
    [...own].map(async (url) => {
      const named = /\/assets\//.test(url);
      const response = await fetch(url, { cache: named ? "default" : "no-cache" });
      if (!response.ok) throw new Error(`${url} could not be kept: ${response.status}`);
      await cache.put(url, response);
    }),
  );
}

async function takeOver() {
  for (const name of await caches.keys())
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  await self.clients.claim();
}

async function answer(url) {
  const cache = await caches.open(NAME);
  return isolated((await cache.match(url)) ?? (await fetch(url)));
}

/** The same answer with the headers of isolation, where it has none. */
function isolated(response) {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolation))
    if (!headers.has(name)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
