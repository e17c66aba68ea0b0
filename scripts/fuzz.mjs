/**
 * `npm run fuzz -- [--seconds N] [--inputs N] [--seed S] [--target NAME [--only INDEX]]`: tries every reader with files
 * that have faults, each in a process of its own whose time and memory are watched, prints what was found by reader, and
 * exits with 1 where anything was. The same seed gives the same files; --only tries one of them again, and keeps it.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { install } from "./install.mjs";
import { nodeProgram } from "./nodeProgram.mjs";
import { root } from "./step.mjs";

/** Seconds without an answer, and bytes of memory, after which a process is ended: input by input they take far less. */
const [PATIENCE, MEMORY] = [10, 1.5 * 2 ** 30];
/** Shown of each kind of finding. */
const SHOWN = 5;
const faults = ["raw error", "poor sentence", "no file", "too lenient", "hang"];

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    inputs: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    only: { type: "string" },
  },
});
// A number of inputs is tried however long it takes.
const long = values.inputs === "Infinity" ? "60" : "1e6";
const [seconds, total, seed] = [values.seconds ?? long, values.inputs, values.seed].map(Number);
if (!(seconds > 0) || !(total > 0) || !Number.isSafeInteger(seed)) {
  console.error("fuzz: --seconds and --inputs are numbers above 0, --seed is a whole number");
  process.exit(2);
}

install("everything");
await nodeProgram("fuzz/child.ts", "dist-fuzz");
const names = await listed();
const chosen = values.target === undefined ? names : names.filter((name) => name === values.target);
if (chosen.length === 0) {
  console.error(`fuzz: there is no target ${values.target} (there are ${names.join(", ")})`);
  process.exit(2);
}
if (values.only === undefined) await all();
else await one(Number(values.only));

async function listed() {
  let found = [];
  await run([], (line) => (found = line.targets));
  return found;
}

/** Every target in its turn, several at a time; then the table. */
async function all() {
  const lanes = Math.max(1, Math.min(chosen.length, availableParallelism() - 1));
  const share = { seconds: (seconds * lanes) / chosen.length, inputs: total / chosen.length };
  const left = [...chosen];
  const rows = new Map();
  const lane = async () => {
    for (let name; (name = left.shift());) rows.set(name, await tryTarget(name, share));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const sorted = chosen.map((name) => rows.get(name));
  const sum = { name: "all", n: 0, read: 0, found: emptyCounts() };
  for (const { n, read, found } of sorted) {
    sum.n += n;
    sum.read += read;
    for (const fault of faults) sum.found[fault] += found[fault];
  }
  console.log(table([...sorted, sum]));
  process.exitCode = faults.some((fault) => sum.found[fault] > 0) ? 1 : 0;
}

function emptyCounts() {
  return Object.fromEntries(faults.map((fault) => [fault, 0]));
}

/** One target until its share is done; a process that was ended goes on after the input that it could not finish. */
async function tryTarget(name, share) {
  const row = { name, n: 0, read: 0, found: emptyCounts() };
  const end = performance.now() + 1000 * share.seconds;
  const to = share.inputs === Infinity ? Number.MAX_SAFE_INTEGER : Math.ceil(share.inputs);
  const note = (fault, index, sentence) => {
    if (++row.found[fault] > SHOWN) return;
    console.error(`${name} ${index}: ${fault}: ${sentence}`);
  };
  for (let from = 0, done = false; !done && from < to && performance.now() < end;) {
    const order = { target: name, seed, from, to, seconds: (end - performance.now()) / 1000 };
    const ended = await run(
      [JSON.stringify(order)],
      ({ begun, tried, accepted, fault, sentence }) => {
        if (begun !== undefined) return;
        if (tried === undefined) return (done = true);
        from = tried + 1;
        row.n++;
        row.read += accepted ? 1 : 0;
        if (fault) note(fault, tried, JSON.stringify(sentence));
      },
    );
    if (done) break;
    row.n++;
    note("hang", from, ended);
    from++;
  }
  return row;
}

/** One input again: its file is kept, its sentence printed. */
async function one(index) {
  const [name] = chosen;
  const save = join(tmpdir(), `${name}-${seed}-${index}`);
  const order = { target: name, seed, from: index, to: index + 1, seconds: 60, save };
  const ended = await run([JSON.stringify(order)], (line) => {
    if (line.tried !== undefined) console.log(JSON.stringify(line));
  });
  console.log(`${save}${ended ? `: ${ended}` : ""}`);
}

/** Runs the child and passes on its lines; says why it was ended, if it was. */
function run(args, take) {
  const program = ["--max-old-space-size=1024", join(root, "dist-fuzz", "child.js"), ...args];
  const child = spawn(process.execPath, program, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  let [last, reason, errors] = [performance.now(), "", ""];
  const stop = (why) => {
    reason ||= why;
    child.kill("SIGKILL");
  };
  const watch = setInterval(() => {
    if (performance.now() - last > 1000 * PATIENCE) stop(`no answer for ${PATIENCE} s`);
    if (memoryOf(child.pid) > MEMORY) stop(`more than ${MEMORY / 2 ** 20} MB of memory`);
  }, 50);
  child.stderr.on("data", (chunk) => (errors = (errors + chunk).slice(-2000)));
  const lines = createInterface({ input: child.stdio[3] });
  lines.on("line", (line) => {
    last = performance.now();
    take(JSON.parse(line));
  });
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearInterval(watch);
      resolve(reason || (code === 0 ? "" : `it ended with ${code}: ${errors}`));
    });
  });
}

/** Bytes of memory that a process has, where the system says it in a file. */
function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function table(rows) {
  const columns = ["mutated", "n", "read", ...faults];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const body = rows.map(({ name, n, read, found }) =>
    line([name, n, read, ...faults.map((fault) => found[fault])]),
  );
  return [line(columns), line(columns.map(() => "---")), ...body].join("\n");
}
