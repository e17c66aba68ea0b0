// The page's service worker: keeps the files of one version of the page, answers with them without a network, and adds the
// headers of isolation that a host does not set. Of models it keeps the one that comes with the page, when that is opened; others
// the page keeps itself.
/* global self, caches, fetch, Response, URL */

/** Filled in where the page is built: what this version is called, its files, the model's, and the headers of isolation. */
const { version, files, model, isolation } = /* BUILT */ {
  version: "",
  files: [],
  model: [],
  isolation: {},
};

const PREFIX = "palimpsest-page ";
const NAME = PREFIX + version;
const scope = new URL("./", self.location.href).href;
const page = new URL("index.html", scope).href;
const addressOf = (file) => new URL(file, scope).href;
const own = new Set(files.map(addressOf));
const models = new Set(model.map(addressOf));
const modelFolder = addressOf("models/demo/");

self.addEventListener("install", (event) => event.waitUntil(keepAll()));

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

// A new version waits until the reader wants it: the page under it may be in the middle of something.
self.addEventListener("message", (event) => {
  const { data } = event;
  if (data === "take over") void self.skipWaiting();
  if (data?.keepModel) event.waitUntil(keepModel(data.keepModel));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.split(/[?#]/)[0];
  if (url.startsWith(modelFolder) && /^(GET|HEAD)$/.test(request.method))
    return event.respondWith(modelFile(request, url));
  if (request.method !== "GET") return;
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

/** The model that is open, and the statistics of these layers: they were fetched before this worker was there. */
async function keepModel(layers) {
  const wanted = [...models].filter((url) => {
    const layer = /\/stats\/.*\.h\.(\d+)\./.exec(url)?.[1];
    return layer === undefined || layers.includes(Number(layer));
  });
  for (const url of wanted) await wholeModelFile(url).catch(() => undefined);
}

/** A whole file of the model, kept from now on. */
async function wholeModelFile(url) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(url);
  if (kept) return kept;
  const response = await fetch(url);
  if (response.ok) await cache.put(url, response.clone());
  return response;
}

/** What the page asks of the model's folder: a file, its size, or a part of it. */
async function modelFile(request, url) {
  if (!models.has(url)) return fetch(request).catch(() => new Response(null, { status: 404 }));
  if (request.method === "HEAD") {
    const kept = await (await caches.open(NAME)).match(url);
    if (!kept) return fetch(request);
    const { size } = await kept.blob();
    return isolated(new Response(null, { headers: { "Content-Length": String(size) } }));
  }
  const whole = await wholeModelFile(url);
  const [, begin, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
  if (!whole.ok || begin === undefined) return isolated(whole);
  const blob = await whole.blob();
  const end = last ? Math.min(Number(last) + 1, blob.size) : blob.size;
  const headers = { "Content-Range": `bytes ${begin}-${end - 1}/${blob.size}` };
  return isolated(new Response(blob.slice(Number(begin), end), { status: 206, headers }));
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
