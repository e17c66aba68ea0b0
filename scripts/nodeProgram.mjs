import { root } from "./step.mjs";

/**
 * Bundles a TypeScript file of this repository for Node, with what the page's build makes of transformers.js.
 *
 * @param {string} entry the file, from the repository's root
 * @param {string} outDir where the program goes, under the entry's name; what was there is removed
 */
export async function nodeProgram(entry, outDir) {
  const { build } = await import("vite");
  const { transformers } = await import("./transformers.mjs");
  await build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    plugins: [transformers()],
    build: { ssr: entry, outDir, target: "node20", emptyOutDir: true },
  });
}
