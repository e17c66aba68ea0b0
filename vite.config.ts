import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig } from "vite";
import { isolation } from "./scripts/isolation.mjs";
import { offline } from "./scripts/offline.mjs";
import { policy } from "./scripts/policy.mjs";
import { transformers } from "./scripts/transformers.mjs";

export default defineConfig({
  plugins: [transformers(), svelte({ configFile: false }), policy(), offline()],
  base: "./",
  // onnxruntime-web without its embedded loader: the one copy of the wasm is the asset that
  // the engine names with ?url.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  optimizeDeps: {
    exclude: ["onnxruntime-web"],
    // Named, since one that is found only while tests run reloads the page under them.
    include: [
      "@observablehq/plot",
      "@tanstack/table-core",
      "@tanstack/table-core/store-reactivity-bindings",
      "bits-ui",
      "comlink",
      "d3-dsv",
      "d3-scale",
      "d3-scale-chromatic",
      "fflate",
      "hash-wasm",
      "idb-keyval",
      "onnxruntime-common",
      "pdfkit",
      "pdfkit/output",
      "pdfkit/standard-fonts/Helvetica",
      "pdfkit/standard-fonts/HelveticaBold",
      "protobufjs/minimal.js",
      "valibot",
    ],
  },
  // Looser than what is built: the page's policy (scripts/policy.mjs) would refuse what Vite puts into a page that it reloads.
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: "es", plugins: () => [transformers()] },
  build: { target: "esnext" },
});
