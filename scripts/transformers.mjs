import { build } from "vite";

const NAME = "@huggingface/transformers";
const SOURCE = "\0transformers";
const ENTRY = "transformers-entry";
const EMPTY = "\0empty";
const SHIM = "\0shim:";

/** Members of the package that this program uses, and the files of it that hold them. */
const wanted = {
  AutoTokenizer: "models/auto/tokenization_auto.js",
  AutoConfig: "configs.js",
  env: "env.js",
};

/**
 * What reading a tokenizer and a config never calls: tensors (and with them an inference engine), and templates of chats.
 * Here they are classes that do nothing.
 */
const shims = {
  "utils/tensor.js": "export class Tensor {}",
  "@huggingface/jinja": "export class Template {}",
};

/**
 * A plugin of Vite that gives src/ and workers/ of @huggingface/transformers what they use. The package is one file of 1.2 MB
 * that does not tree-shake: 510 kB (125 kB gzipped) are left of it, on import it sets onnxruntime-web's paths to a CDN, and
 * in Node it loads onnxruntime-node and sharp. So its own sources, which it ships beside, are put together here once, to 81
 * kB (26 kB gzipped) that import nothing. They cannot see a file system either.
 */
export function transformers() {
  let code;
  return {
    name: "palimpsest:transformers",
    enforce: "pre",
    resolveId(source, importer) {
      const ours =
        importer && /\/(src|workers)\//.test(importer) && !importer.includes("node_modules");
      return source === NAME && ours ? SOURCE : undefined;
    },
    load(id) {
      if (id === SOURCE) return (code ??= bundled());
    },
  };
}

async function bundled() {
  const folder = new URL(`../node_modules/${NAME}/src/`, import.meta.url).pathname;
  const entry = Object.entries(wanted).map(
    ([name, file]) => `export { ${name} } from ${JSON.stringify(folder + file)};`,
  );
  const { output } = (
    await build({
      configFile: false,
      logLevel: "error",
      publicDir: false,
      plugins: [parts(entry.join("\n"))],
      build: {
        write: false,
        minify: false,
        target: "esnext",
        lib: { entry: ENTRY, formats: ["es"], fileName: "transformers" },
        rolldownOptions: { treeshake: { moduleSideEffects: false } },
      },
    })
  )[0];
  return output[0].code;
}

function parts(entry) {
  return {
    name: "palimpsest:transformers-parts",
    enforce: "pre",
    resolveId(source) {
      if (source.endsWith(ENTRY)) return SOURCE;
      if (source.startsWith("node:")) return EMPTY;
      const shim = Object.keys(shims).find((name) => source.endsWith(name));
      return shim && SHIM + shim;
    },
    load(id) {
      if (id === SOURCE) return entry;
      if (id === EMPTY) return "export default {};";
      return id.startsWith(SHIM) ? shims[id.slice(SHIM.length)] : undefined;
    },
  };
}
