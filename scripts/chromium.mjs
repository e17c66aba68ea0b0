import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** A Chromium that runs: CHROMIUM's, or one on the path, or one where macOS keeps it. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  // Asked for its version, for Ubuntu's chromium-browser may be a script that only says "use snap".
  return [...onPath, ...places].find((path) => existsSync(path) && runs(path));
}

/** As findChromium, or Playwright's own, or Debian's where it may be installed. */
export async function chromium() {
  const found = findChromium() ?? (await playwrights());
  if (found) return found;
  if (mayInstall()) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...args) => spawnSync("apt-get", args, { stdio: "inherit", env });
    apt("update", "-q");
    apt("install", "-q", "-y", "--no-install-recommends", "chromium");
  }
  return findChromium();
}

const runs = (path) => spawnSync(path, ["--version"], { timeout: 20_000 }).status === 0;

const mayInstall = () => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

async function playwrights() {
  const { chromium } = await import("playwright");
  const path = chromium.executablePath();
  return existsSync(path) ? path : undefined;
}
