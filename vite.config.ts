import { svelte } from "@sveltejs/vite-plugin-svelte";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";
import { findChromium } from "./scripts/chromium.mjs";
import { isolation } from "./scripts/isolation.mjs";
import { transformers } from "./scripts/transformers.mjs";

// A software GPU lets the kernel tests run on any machine; GPU=real uses the card in this one.
const software = ["--use-webgpu-adapter=swiftshader", "--enable-unsafe-webgpu"];
const args = ["--headless=new", "--no-sandbox", ...(process.env.GPU === "real" ? [] : software)];
const executablePath = findChromium();

export default defineConfig({
  plugins: [transformers(), svelte({ configFile: false })],
  base: "./",
  // onnxruntime-web without its embedded loader: the one copy of the wasm is the asset that
  // the engine names with ?url.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  optimizeDeps: {
    exclude: ["onnxruntime-web"],
    // Named, since one that is found only while tests run reloads the page under them.
    include: [
      "comlink",
      "d3-dsv",
      "d3-scale",
      "d3-scale-chromatic",
      "fflate",
      "hash-wasm",
      "idb-keyval",
      "onnxruntime-common",
      "protobufjs/light.js",
    ],
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: "es", plugins: () => [transformers()] },
  build: { target: "esnext" },
  test: {
    setupFiles: ["test/setup.ts"],
    // Long, for machines that are slow or shared; nothing here waits for time to pass.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.browser.test.ts"],
          env: { PALIMPSEST_THREADS: "1" },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/**/*.browser.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          browser: {
            enabled: true,
            headless: false, // --headless=new above: the headless shell has no WebGPU
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args, ...(executablePath && { executablePath }) },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
