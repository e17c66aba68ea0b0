import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { modelFiles, serviceWorker } from "../../scripts/offline.mjs";

type Listener = (event: object) => void;

const files = new Map([
  ["index.html", "<!doctype html>"],
  ["assets/page-1a2b.js", "start()"],
]);
const base = "https://host.example/some/path/";

/** Files of a host by their address, and what asked for them, while there is a network. */
class Host {
  online = true;
  asked: string[] = [];
  fetch = (asked: string | { url: string }) => {
    const url = typeof asked === "string" ? asked : asked.url;
    this.asked.push(url);
    if (!this.online) return Promise.reject(new TypeError("Failed to fetch"));
    const file = files.get(url.slice(base.length));
    return Promise.resolve(
      file === undefined ? new Response(null, { status: 404 }) : new Response(file),
    );
  };
}

/** The worker of some files, in what a browser gives a worker. */
function started(
  built = files,
  kept = new Map<string, Map<string, Response>>(),
  model: string[] = [],
) {
  const host = new Host();
  const listeners = new Map<string, Listener>();
  const self = {
    location: { href: `${base}service-worker.js` },
    addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
    skipped: false,
    skipWaiting: () => Promise.resolve(void (self.skipped = true)),
    clients: { claim: () => Promise.resolve() },
  };
  const caches = {
    open(name: string) {
      const entries = kept.get(name) ?? new Map<string, Response>();
      kept.set(name, entries);
      return Promise.resolve({
        put: (url: string, response: Response) => Promise.resolve(void entries.set(url, response)),
        match: (url: string) => Promise.resolve(entries.get(url)?.clone()),
      });
    },
    keys: () => Promise.resolve([...kept.keys()]),
    delete: (name: string) => Promise.resolve(kept.delete(name)),
  };
  const globals = { self, caches, fetch: host.fetch, Response, Headers, URL, Promise, Error };
  runInContext(serviceWorker(built, model), createContext(globals));
  const tell = async (name: string) => {
    const waits: Promise<unknown>[] = [];
    listeners.get(name)!({ waitUntil: (work: Promise<unknown>) => waits.push(work) });
    await Promise.all(waits);
  };
  const ask = (url: string, mode = "cors", method = "GET", headers = {}) => {
    let answer: Promise<Response> | undefined;
    const respondWith = (given: Promise<Response>) => (answer = given);
    listeners.get("fetch")!({
      request: { url, mode, method, headers: new Headers(headers) },
      respondWith,
    });
    return answer;
  };
  const say = async (data: unknown) => {
    const waits: Promise<unknown>[] = [];
    listeners.get("message")!({ data, waitUntil: (work: Promise<unknown>) => waits.push(work) });
    await Promise.all(waits);
  };
  return { host, kept, self, tell, ask, say };
}

test("the page and its files are kept, and answered without a network, isolated", async () => {
  const { host, tell, ask } = started();
  await tell("install");
  await tell("activate");
  host.online = false;
  for (const url of [base, `${base}?debug#/facts`, `${base}index.html`]) {
    const answer = await ask(url, "navigate")!;
    expect(await answer.text()).toBe("<!doctype html>");
    expect(answer.headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
    expect(answer.headers.get("Cross-Origin-Embedder-Policy")).toBe("require-corp");
  }
  expect(await (await ask(`${base}assets/page-1a2b.js`)!).text()).toBe("start()");
});

test("nothing else is answered: other models, other hosts, what is sent", async () => {
  const { tell, ask } = started();
  await tell("install");
  expect(ask(`${base}models/mine/config.json`)).toBeUndefined();
  expect(ask("https://huggingface.co/gpt2/resolve/main/config.json")).toBeUndefined();
  expect(ask(base, "navigate", "POST")).toBeUndefined();
});

test("the built-in model that was opened opens without a network: its files, their sizes and parts, and what it has not", async () => {
  const config = "models/demo/config.json";
  for (const name of modelFiles()) files.set(name, name === config ? "{}" : "0123456789");
  const open = started(new Map([["index.html", ""]]), undefined, modelFiles());
  await open.tell("install");
  await open.say({ keepModel: [2] });
  const [two, three] = [2, 3].map((layer) =>
    modelFiles().find((name) => name.includes(`h.${layer}.`))!,
  );
  expect(open.host.asked).toContain(base + two);
  expect(open.host.asked).not.toContain(base + three);
  open.host.online = false;
  expect(await (await open.ask(base + config)!).text()).toBe("{}");
  const head = await open.ask(base + two, "cors", "HEAD")!;
  expect([head.status, head.headers.get("Content-Length")]).toEqual([200, "10"]);
  const part = await open.ask(base + two, "cors", "GET", { Range: "bytes=2-4" })!;
  expect([part.status, part.headers.get("Content-Range")]).toEqual([206, "bytes 2-4/10"]);
  expect(await part.text()).toBe("234");
  expect((await open.ask(`${base}models/demo/palimpsest.json`, "cors", "HEAD")!).status).toBe(404);
  await expect(open.ask(base + three)).rejects.toThrow("Failed to fetch");
  for (const name of modelFiles()) files.delete(name);
});

test("a new version waits until it is wanted, and then puts the files of the old one away", async () => {
  const old = started();
  await old.tell("install");
  const next = started(new Map([...files, ["assets/page-3c4d.js", "start(2)"]]), old.kept);
  files.set("assets/page-3c4d.js", "start(2)");
  await next.tell("install");
  expect([next.self.skipped, next.kept.size]).toEqual([false, 2]);
  await next.say("take over");
  await next.tell("activate");
  expect([next.self.skipped, next.kept.size]).toEqual([true, 1]);
  files.delete("assets/page-3c4d.js");
});

test("a version of which a file cannot be had is not installed", async () => {
  const { tell } = started(new Map([...files, ["assets/gone.js", ""]]));
  await expect(tell("install")).rejects.toThrow(/gone\.js could not be kept: 404/);
});

test("the same files make the same worker, other files another", () => {
  expect(serviceWorker(new Map([...files].reverse()))).toBe(serviceWorker(files));
  expect(serviceWorker(new Map([...files, ["index.html", "<p>"]]))).not.toBe(serviceWorker(files));
});
