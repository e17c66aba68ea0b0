import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { expect, vi } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { editors } from "../../../src/methods/edit/editors.ts";
import { RunsDesk } from "../../../src/ui/runs/RunsDesk.svelte.ts";
import { Lab } from "../../../workers/Lab.ts";
import { call, callJson, callsOf, folderTest as test, golden } from "../../support/call.ts";
import { smallConfig } from "../../support/engine/smallConfig.ts";

vi.setConfig({ testTimeout: 120_000 });

const none = () => undefined;
const fact = { prompt: "{} is in", subject: "The tower", target: "the river" };
const facts = [
  fact,
  { prompt: "{} is by", subject: "The bridge", target: "the sea" },
  {
    ...fact,
    case: {
      id: 3,
      prompt: "{} is in",
      subject: "The tower",
      targetNew: "the river",
      targetTrue: "the sea",
      paraphrases: ["You find the tower in"],
      neighbours: ["The bridge is in"],
      generationPrompts: [],
    },
  },
];

/** A page with the tiny model open, whose history is in memory. */
async function page() {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  const paths = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  const files = paths.map((path) => ({
    path,
    file: new File([readFileSync(join(golden("tiny-gpt2"), path))], path),
  }));
  await lab.open(1, "http://localhost/");
  await lab.load(2, { source: { kind: "folder", name: "tiny", files } }, none);
  const runs = new RunsDesk({
    lab: () => lab.runs,
    notify: none,
    kept: none,
    traces: none,
    scores: none,
  });
  return { lab, runs };
}

/** What a copied command prints, its model and its edits where this machine has them. */
function repeated<T>(text: string, folder: string): Promise<T> {
  const [args] = callsOf(text, folder);
  const placed = args.map((word, i) => {
    if (args[i - 1] === "--model") return golden("tiny-gpt2");
    return /^edits\/|^(facts\.json|edit\.safetensors)$/.test(word) ? join(folder, word) : word;
  });
  return callJson<T>(...placed);
}

test("the commands of an edit of one fact, of a table, and of a table's scores find the page's numbers", async ({
  folder,
}) => {
  const { lab, runs } = await page();
  const { settings } = editors[0].preset(smallConfig);
  const order = {
    editor: "rome",
    settings: { ...settings, layer: 1, steps: 4, covariance: "I", contextLengths: [[3, 2]] },
    seed: 1,
    answers: true,
  };
  const one = await lab.editing.edit(3, { ...order, facts: [fact] }, none);
  await runs.made(one);
  const both = facts.slice(0, 2);
  const neutral = { texts: ["The sea is wide."], every: 1 };
  const many = await lab.editing.edit(4, { ...order, facts: both, neutral }, none);
  await runs.made(many);
  await lab.edits.switchOn([one.edit.id]);
  const of = { table: "t", name: "towers" };
  const scores = await lab.scoring.table(5, facts, none, of);
  await runs.tabled(scores, { name: "towers", facts });

  const zip = join(folder, "runs.zip");
  await writeFile(zip, (await lab.runs.save(runs.list.map(({ id }) => id))).bytes);
  expect((await call("runs", "--zip", zip, "--out", folder)).status).toBe(0);
  const commandOf = async (title: string) => {
    const { id } = runs.list.find((run) => run.title === title)!;
    return lab.runs.command(await lab.runs.open(id));
  };
  type Edited = { relativeNorm: number };
  const made = { "The tower → the river": one, "The tower → the river and 1 more": many };
  for (const [title, { edit }] of Object.entries(made)) {
    const again = await repeated<Edited>(await commandOf(title), folder);
    expect(again.relativeNorm).toBeCloseTo(edit.relativeNorm, 5);
  }

  const scored = await repeated<typeof scores>(await commandOf("towers (3)"), folder);
  for (const side of ["before", "after"] as const) {
    const found = scored[side]!.answers.map(({ probability }) => probability);
    const seen = scores[side]!.answers.map(({ probability }) => probability);
    expect(found).toBeAllclose(seen, { rtol: 1e-5, atol: 1e-8 });
    expect(scored[side]!.summary!.score).toBeCloseTo(scores[side]!.summary!.score, 6);
  }
});
