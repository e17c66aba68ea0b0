import { playwright } from "@vitest/browser-playwright";
import { defineConfig, mergeConfig } from "vitest/config";
import { findChromium } from "./scripts/chromium.mjs";
import page from "./vite.config.ts";

// A software GPU lets the kernel tests run on any machine; GPU=real uses the card in this one.
const software = ["--use-webgpu-adapter=swiftshader", "--enable-unsafe-webgpu"];
const args = ["--headless=new", "--no-sandbox", ...(process.env.GPU === "real" ? [] : software)];
const executablePath = findChromium();

export default mergeConfig(
  page,
  defineConfig({
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
  }),
);
