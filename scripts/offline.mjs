import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { isolation } from "./isolation.mjs";

/** Where the worker lies in what is built. */
export const workerFile = "service-worker.js";

/** Files of public/ without which the page does not open as it should. */
const besides = ["facts.json", "icon.svg"];

/** The built-in model, as the page reads it: 18 MB, and 4 MB a layer of statistics that is used. */
const modelFolder = new URL("../public/models/demo/", import.meta.url);
const isRead = (name) =>
  /^(config|tokenizer|tokenizer_config)\.json$|\.(safetensors|npz)$/.test(name);

/** The files of the built-in model that the page reads, by the names they are served under. */
export function modelFiles() {
  const all = readdirSync(modelFolder, { recursive: true }).map((name) =>
    name.replaceAll("\\", "/"),
  );
  return all
    .filter((name) => isRead(name))
    .sort()
    .map((name) => `models/demo/${name}`);
}

/**
 * The service worker of a built page.
 *
 * @param {Map<string, string | Uint8Array>} built its files by name; index.html among them
 * @param {string[]} [model] names of the files of the model that comes with it
 * @returns {string}
 */
export function serviceWorker(built, model = []) {
  const digest = createHash("sha256");
  const names = [...built.keys()].sort();
  for (const name of names) digest.update(`${name}\n`).update(built.get(name));
  for (const name of model)
    digest.update(`${name}\n`).update(readFileSync(new URL(`../public/${name}`, import.meta.url)));
  const version = digest.digest("hex").slice(0, 16);
  const source = readFileSync(new URL("./offline/serviceWorker.js", import.meta.url), "utf8");
  const filled = JSON.stringify({ version, files: names, model, isolation }, null, 2);
  return source.replace(/\/\* BUILT \*\/ \{[^}]*\{\},?\s*\}/, () => filled);
}

/** A plugin of Vite that builds it. The development server has none: it would keep what is being changed. */
export function offline() {
  return {
    name: "palimpsest:offline",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const built = new Map(
          Object.values(bundle)
            .filter(({ fileName }) => !/\.map$|^_headers$/.test(fileName))
            .map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]),
        );
        for (const name of besides)
          built.set(name, readFileSync(new URL(`../public/${name}`, import.meta.url)));
        this.emitFile({
          type: "asset",
          fileName: workerFile,
          source: serviceWorker(built, modelFiles()),
        });
      },
    },
  };
}
