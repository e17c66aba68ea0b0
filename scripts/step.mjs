import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the repository, or in `cwd`, with its output shown; returns whether it succeeded. */
export function succeeds(command, args, { env, cwd = root, stdio = "inherit" } = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio,
    env: { ...process.env, ...env },
    shell: command.endsWith(".cmd"),
  });
  if (error) console.error(error.message);
  return status === 0;
}

/** Runs a command in the repository; where it fails, says which step it was and ends this program. */
export function step(name, command, args, options) {
  if (succeeds(command, args, options)) return;
  console.error(`\n${name} failed: ${[command, ...args].join(" ")}`);
  process.exit(1);
}

/** The command line of an installed package's program, without npx: [node, file, ...args]. */
export function program(file, ...args) {
  return [process.execPath, [join(root, "node_modules", file), ...args]];
}
