import { defineConfig } from "@playwright/test";
import { findChromium } from "./scripts/chromium.mjs";

const executablePath = findChromium();
const port = 4179;
const software = ["--use-webgpu-adapter=swiftshader", "--enable-unsafe-webgpu"];

/** End-to-end tests run on the production build, served as `npm start` serves it. */
export default defineConfig({
  testDir: "test/e2e",
  testMatch: "**/*.e2e.ts",
  workers: 1,
  timeout: 180_000,
  // A shared machine may stall a browser for seconds in the middle of a download; such a test is counted as flaky.
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 30_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [["list"], ["json"]] : "list",
  use: {
    baseURL: `http://localhost:${port}`,
    headless: false, // --headless=new below: the headless shell has no WebGPU
    launchOptions: {
      args: ["--headless=new", "--no-sandbox", ...(process.env.GPU === "real" ? [] : software)],
      ...(executablePath && { executablePath }),
    },
  },
  webServer: {
    command: `node scripts/start.mjs --port ${port}`,
    url: `http://localhost:${port}`,
    timeout: 180_000,
    reuseExistingServer: false,
  },
});
