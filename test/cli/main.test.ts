import { expect, test } from "vitest";
import { call } from "../support/call.ts";

const names = [
  "predict",
  "generate",
  "trace",
  "stats",
  "edit",
  "repeat",
  "runs",
  "score",
  "study",
  "merge",
  "sum",
  "convert",
  "synthesize",
  "verify",
];

test("--help says how to call it", async () => {
  const { status, out, err } = await call("--help");
  expect(status).toBe(0);
  expect(err).toBe("");
  for (const name of names) {
    expect(out).toContain(`\n  ${name} ${name === "study" ? "NAME " : ""}--`);
  }
});

test("a command's --help says how to call that", async () => {
  const { status, out } = await call("trace", "--help");
  expect(status).toBe(0);
  expect(out).toContain("--kind state|mlp|attn");
});

const trace = ["trace", "--model", "demo", "--prompt", "a b", "--subject", "b"];
const edit = ["edit", "--model", "demo", "--prompt", "{} b", "--subject", "a", "--target", "c"];

test.for<[string[], string]>([
  [[], `a command is missing: ${names.join(", ")}`],
  [["tarce"], `unknown command: tarce (${names.join(", ")})`],
  [["predict", "--prompt", "a"], "--model is missing"],
  [["predict", "--model", "demo"], "--prompt is missing"],
  [["predict", "--model", "demo", "--prompt"], "Option '--prompt <value>' argument missing"],
  [["predict", "--modle", "demo"], "Unknown option '--modle'"],
  [["predict", "demo"], "Unexpected argument 'demo'"],
  [
    ["predict", "--model", "demo", "--prompt", "a", "--top", "0"],
    "invalid --top: 0 (a whole number, 1 or more)",
  ],
  [trace.slice(0, 5), "--subject is missing"],
  [[...trace, "--kind", "mpl"], "invalid --kind: mpl (one of state, mlp, attn)"],
  [[...trace, "--samples", "ten"], "invalid --samples: ten (a whole number from 1 to 1000)"],
  [
    [...trace, "--noise", "3x"],
    "invalid noise: 3x (3s for 3 σ, 0.1 for a level, u0.1 for uniform noise)",
  ],
  [
    [...trace, "--out", "trace.txt"],
    "invalid --out: trace.txt (its name must end in .npz, .json or .csv)",
  ],
  [[...edit, "--method", "memo"], "invalid --method: memo (one of rome, memit)"],
  [[...edit, "--layer", "1.5"], "invalid --layer: 1.5 (a whole number, 0 or more)"],
  [[...edit, "--steps", "0"], "invalid --steps: 0 (a whole number from 1 to 1000)"],
  [["stats", "--model", "demo", "--text", "a.txt", "--out", "b.npz"], "--layers is missing"],
  [["score", "--model", "demo"], "--case is missing"],
  [
    ["study", "sweep", "--model", "demo", "--cases", "a.json", "--layers", "0,x"],
    "invalid --layers: x (a whole number, 0 or more)",
  ],
])("%j is a wrong call", async ([args, sentence]) => {
  expect(await call(...args)).toEqual({ status: 2, out: "", err: `${sentence}\n` });
});
