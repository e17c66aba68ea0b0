import { execFileSync } from "node:child_process";
import { expect, vi } from "vitest";
import { commandOf, commandText } from "../../../src/data/run/command.ts";
import type { Trace } from "../../../src/data/trace/Trace.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { Model } from "../../../src/engine/Model.ts";
import { trace as causalTrace } from "../../../src/methods/trace/trace.ts";
import { callJson, callsOf, folderTest as test, golden } from "../../support/call.ts";
import { aScore, aTrace, context, delta } from "../../support/runs.ts";

vi.setConfig({ testTimeout: 120_000 });

test("a trace's command is read by a shell, run by the terminal, and finds the same numbers", async ({
  folder,
}) => {
  const model = await Model.load(nodeRuntime(), folderFiles(golden("tiny-gpt2")));
  const request = {
    prompt: "the tower's {} is in",
    subject: "O'Brien",
    window: 2,
    samples: 3,
    noise: { kind: "sigma", factor: 2 } as const,
    replace: true,
    seed: 5,
  };
  const sigma = { value: 0.123456789, set: "a test" };
  const kinds = ["state", "mlp"] as const;
  const traces: Trace[] = [];
  for (const kind of kinds)
    traces.push(await causalTrace(model, { ...request, kind }, { sigma: sigma.value }));
  const { prompt, subject, seed, ...settings } = request;
  const about = context({
    model: { ...model.identity, id: golden("tiny-gpt2"), address: undefined },
    fact: { prompt, subject },
    settings: { ...settings, kinds: [...kinds] },
    seed,
    sigma,
  });
  const command = commandOf({ context: about, result: { kind: "trace", traces } });
  const calls = callsOf(commandText(command), folder);
  expect(calls).toHaveLength(2);
  for (const [i, [name, ...options]] of calls.entries()) {
    expect(name).toBe("trace");
    const out = options.indexOf("--out");
    const found = await callJson<{ scores: number[][]; lowScore: number }>(
      ...[name, ...options.slice(0, out), ...options.slice(out + 2)],
    );
    expect(found.scores.flat()).toBeAllclose(traces[i].scores, { rtol: 1e-5, atol: 1e-7 });
    expect(found.lowScore).toBeCloseTo(traces[i].lowScore, 6);
  }
});

test("the case of a score is made by its command, whatever is in its words", ({ folder }) => {
  const run = aScore();
  if (run.result.kind !== "score") throw new Error("no score");
  run.result.case.subject = "\u001b[201~it's a\u202e tower";
  const text = commandText(commandOf(run));
  expect(text).not.toMatch(/[^\P{C}\n]/u);
  const [call] = callsOf(text, folder);
  expect(call.slice(0, 7)).toEqual([
    "score",
    "--model",
    "tiny",
    "--precision",
    "f32",
    "--case",
    "case.json",
  ]);
  const written = execFileSync("cat", ["case.json"], { cwd: folder, encoding: "utf8" });
  expect(JSON.parse(written)).toMatchObject({
    requested_rewrite: { subject: "\u001b[201~it's a\u202e tower" },
  });
});

test("edits that were on are files that the command names and lays on; one that was on in part is none", () => {
  const edit = { id: "a", title: "Toy\n; rm -rf .", digest: "ab".repeat(32), strength: 1 };
  const run = aTrace({ edits: [edit] });
  const { lines, files } = commandOf(run);
  expect(lines[0]).toContain("--delta edits/abababababababab.safetensors --kind state");
  expect(files).toEqual([
    { name: "edits/abababababababab.safetensors", digest: edit.digest, title: edit.title },
  ]);
  expect(callsOf(commandText({ lines, files }), ".")).toHaveLength(1);
  const part = commandOf(aTrace({ edits: [{ ...edit, strength: 0.5 }, edit] }));
  expect(part.lines.join(" ")).toContain("--strength 0.5,1");
});

test("an edit's command has its fields by their options", () => {
  const { request } = delta.provenance;
  const result = {
    kind: "edit" as const,
    digest: "ab".repeat(32),
    method: "Toy",
    facts: [request!],
    relativeNorm: 1,
    steps: [],
    measures: [],
  };
  const fields = [
    { name: "klFactor", label: "KL factor", hint: "", kind: { type: "number" } },
    {
      name: "lengths",
      label: "L",
      hint: "",
      kind: { type: "contexts" },
      option: "context-lengths",
    },
    { name: "quick", label: "Q", hint: "", kind: { type: "flag" } },
  ] as const;
  const settings = { editor: "toy", klFactor: 0.0625, lengths: [[5, 10]], quick: true };
  const run = { context: context({ kind: "edit", settings, seed: 3 }), result };
  expect(commandOf(run, { editors: new Map([["toy", fields]]) }).lines).toEqual([
    "npm run -s palimpsest -- edit --method toy --model tiny --precision f32 --prompt '{} is in' --subject 'The tower' --target 'the river' --kl-factor 0.0625 --context-lengths 10x5 --quick --seed 3 --out edit.safetensors",
  ]);
  const ownContexts = ["{}", "It’s so: {}"];
  const own = { ...run, context: { ...run.context, settings: { ...settings, ownContexts } } };
  const { lines, files } = commandOf(own, { editors: new Map([["toy", fields]]) });
  expect(lines[0]).toContain("--context-lengths 10x5 --quick --seed 3 --contexts contexts.json");
  expect(files).toEqual([
    { name: "contexts.json", text: JSON.stringify(ownContexts), title: "the contexts" },
  ]);
  expect(() => commandOf(run)).toThrow("no editor is called toy");
  const file = "transformer.h.0.mlp.c_proj_float32_mom2_42.npz";
  const used = { layer: 0, source: "a corpus", count: 42, file };
  const read = { ...run, result: { ...result, statistics: [used] } };
  const collected = commandOf(read, { editors: new Map([["toy", fields]]) });
  expect(collected.lines[0]).toContain(`--stats ${file}`);
  expect(commandText(collected)).toContain(
    `: 'needs ${file}: C of layer 0; Export .npz under Edits`,
  );
});
