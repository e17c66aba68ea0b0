import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, step } from "./step.mjs";
import { isStale } from "./stale.mjs";

/**
 * What is installed, least first: what builds the page; with it what the terminal computes with, which package.json has as
 * a peer dependency (288 MB that no page needs); everything. Each has a package that says it is there.
 */
const parts = [
  { name: "page", sign: "vite", omitted: ["--omit=dev", "--omit=peer"] },
  { name: "terminal", sign: "onnxruntime-node", omitted: ["--omit=dev"] },
  { name: "everything", sign: "vitest", omitted: [] },
];

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const isThere = (name) => existsSync(join(root, "node_modules", name, "package.json"));

/** The part that is installed, as its place among `parts`; -1 for none. */
const present = () => parts.findLastIndex(({ sign }) => isThere(sign));

/**
 * Installs the packages of package-lock.json unless they are there; takes them from the registry only. What was there
 * beyond the part that is asked for stays.
 *
 * @param name "page", "terminal" or "everything"
 */
export function install(name) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: install Node 20.19 or later.`);
    process.exit(1);
  }
  const asked = parts.findIndex((part) => part.name === name);
  const { omitted } = parts[Math.max(asked, present())];
  // npm writes this file last, so an install that was cut short is repeated.
  const installed = join(root, "node_modules", ".package-lock.json");
  if (present() < asked || isStale(installed, [join(root, "package-lock.json")]))
    step("install", npm, ["ci", ...omitted]);
}

/** As install("terminal"), of what is not there only; nothing but the program's answer goes to its output. */
export function installTerminal() {
  if (isThere("onnxruntime-node") && isThere("vite")) return;
  console.error("The terminal computes with onnxruntime-node, 290 MB, which is installed now.");
  const { omitted } = parts[Math.max(1, present())];
  step("install", npm, ["ci", ...omitted], { stdio: ["ignore", 2, 2] });
}

/** Installs what only benchmarks need: the packages of bench/peers/package.json, into that folder. */
export function installPeers() {
  const folder = join(root, "bench", "peers");
  const installed = join(folder, "node_modules", ".package-lock.json");
  if (!isStale(installed, [join(folder, "package-lock.json")])) return;
  console.log("The kernels are measured beside tfjs and jax-js, 75 MB, which are installed now.");
  step("install", npm, ["ci"], { cwd: folder });
}
