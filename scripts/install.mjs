import { join } from "node:path";
import { root, step } from "./step.mjs";
import { isStale } from "./stale.mjs";

/** Installs the packages of package-lock.json unless they are there; takes them from the registry only. */
export function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: install Node 20.19 or later.`);
    process.exit(1);
  }
  // npm writes this file last, so an install that was cut short is repeated.
  const installed = join(root, "node_modules", ".package-lock.json");
  if (isStale(installed, [join(root, "package-lock.json")])) {
    step("install", process.platform === "win32" ? "npm.cmd" : "npm", ["ci"]);
  }
}
