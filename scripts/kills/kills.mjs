/**
 * `npm run kills -- --kills 50 --seed 1`: kills the terminal in the middle of every kind of write, looks at what is
 * there, runs the same command again and looks again. Prints a table for docs/measurements.md; fails where a file under
 * its final name is neither the old one nor the new one, or where the second run does not end as one that was never
 * killed.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { root } from "../step.mjs";
import { killOptions, randomOf } from "./killOptions.mjs";
import { kinds } from "./kinds.mjs";

const killAt = join(root, "scripts", "kills", "killAt.mjs");
const terminal = join(root, "scripts", "palimpsest.mjs");

/**
 * Kills so many runs, the kinds in turn.
 *
 * @param options.kinds as in kinds.mjs
 * @returns for each kind its name, how many writes a run has, how many were killed, and sentences about what was wrong
 */
export async function killRuns({ kinds, kills, seed, onKill = () => undefined }) {
  const random = randomOf(seed);
  const found = [];
  for (const [i, kind] of kinds.entries()) {
    const own = Math.floor(kills / kinds.length) + (i < kills % kinds.length ? 1 : 0);
    const whole = await wholeRun(kind);
    const faults = [];
    for (let k = 0; k < own; k++) {
      // One of each stretch of the writes, so that a few kills meet early ones and late ones.
      const at = 1 + Math.floor(((k + random()) / own) * whole.writes);
      faults.push(...(await killedRun(kind, at, whole)).map((fault) => `write ${at}: ${fault}`));
      onKill(kind, at);
    }
    found.push({ name: kind.name, writes: whole.writes, kills: own, faults });
  }
  return found;
}

/** A run that is left alone: how many writes it has, and its files. */
async function wholeRun(kind) {
  return inFolder(kind, async (folder) => {
    const count = join(folder, "count");
    const { code, text } = await run(folder, kind.args, { KILL_COUNT: count });
    if (code !== 0) throw new Error(`${kind.name} ended with ${code}: ${text}`);
    const writes = Number(readFileSync(count, "utf8"));
    rmSync(count);
    return { writes, files: filesIn(folder) };
  });
}

async function killedRun(kind, at, whole) {
  return inFolder(kind, async (folder) => {
    const old = filesIn(folder);
    const { signal } = await run(folder, kind.args, { KILL_AT: String(at) });
    if (signal !== "SIGKILL") return ["it was not killed"];
    const faults = unfinished(kind, filesIn(folder), { old, whole });
    // What may not be written into again is removed first, as its sentence says.
    if (kind.anew) rmSync(join(folder, kind.anew), { recursive: true, force: true });
    const { code, text } = await run(folder, kind.args);
    if (code !== 0) return [...faults, `the next run ended with ${code}: ${text.trim()}`];
    return [...faults, ...different(kind, filesIn(folder), whole)];
  });
}

/** Files under their final names that are neither the old ones nor the new ones. */
function unfinished(kind, there, { old, whole }) {
  return [...there].flatMap(([path, bytes]) => {
    if (/\.part$|(^|\/)palimpsest\.lock$/.test(path) || kind.counted?.test(path)) return [];
    if (same(bytes, old.get(path)) || same(bytes, whole.files.get(path))) return [];
    if (kind.dated?.test(path)) return readable(path, bytes);
    return [`${path} is neither the old file nor the new one`];
  });
}

/** How the files of a run that went on differ from those of one that was never killed. */
function different(kind, there, whole) {
  const names = (files) => [...files.keys()].sort().join(", ");
  if (names(there) !== names(whole.files)) return [`there are ${names(there)}`];
  return [...there].flatMap(([path, bytes]) => {
    if (kind.dated?.test(path)) return readable(path, bytes);
    return same(bytes, whole.files.get(path))
      ? []
      : [`${path} is another one than without the kill`];
  });
}

/** JSON, or lines of JSON of which the last may be cut short: nothing reads that one. */
function readable(path, bytes) {
  const text = bytes.toString("utf8");
  const parts = path.endsWith(".ndjson") ? text.split("\n").slice(0, -1) : [text];
  try {
    for (const part of parts) JSON.parse(part);
    return [];
  } catch {
    return [`${path} cannot be read`];
  }
}

const same = (a, b) => b !== undefined && digest(a) === digest(b);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The contents of all files, by their paths. */
function filesIn(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  const files = paths.filter((path) => statSync(path).isFile());
  return new Map(files.map((path) => [relative(folder, path), readFileSync(path)]));
}

async function inFolder(kind, work) {
  const folder = mkdtempSync(join(tmpdir(), "palimpsest-kills-"));
  try {
    for (const [path, text] of Object.entries(kind.before ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    if (kind.first) await run(folder, kind.first);
    return await work(folder);
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}

/** Runs one command line of the terminal in a folder. */
function run(folder, args, env = {}) {
  const all = { ...process.env, PALIMPSEST_THREADS: "1", INIT_CWD: folder, ...env };
  const child = spawn(process.execPath, ["--import", killAt, terminal, ...args], {
    cwd: folder,
    env: all,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (piece) => (text += piece));
  return new Promise((ended, failed) => {
    child.on("error", failed);
    child.on("close", (code, signal) => ended({ code, signal, text }));
  });
}

async function main() {
  const { kills, seed } = killOptions();
  const found = await killRuns({
    kinds,
    kills,
    seed,
    onKill: ({ name }, at) => console.error(`${name}: killed in write ${at}`),
  });
  console.log("| what was being written | writes | kills | wrong |\n|---|--:|--:|--:|");
  for (const { name, writes, kills: own, faults } of found) {
    console.log(`| ${name} | ${writes} | ${own} | ${faults.length} |`);
  }
  const wrong = found.flatMap(({ name, faults }) => faults.map((fault) => `${name}, ${fault}`));
  for (const fault of wrong) console.error(fault);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) await main();
