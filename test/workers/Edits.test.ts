import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { readZip } from "../../src/data/archive/zip.ts";
import { readStackRecipe } from "../../src/data/delta/stackRecipe.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import type { SavedFile } from "../../workers/protocol/protocol.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";

vi.setConfig({ testTimeout: 120_000 });

const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const files = names.map((path) => ({
  path,
  file: new File([readFileSync(`test/golden/checkpoints/tiny-gpt2/${path}`)], path),
}));
let job = 0;

/** A Lab on the native provider, with the tiny model open. */
async function opened() {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  await lab.open(++job, "http://localhost:1/");
  await lab.load(++job, { source: { kind: "folder", name: "tiny", files } }, () => undefined);
  return lab;
}

const settings = {
  ...editors[0].preset(smallConfig).settings,
  layer: 1,
  steps: 3,
  covariance: "I",
  contextLengths: [],
};
const write = (subject: string, target: string) => ({
  editor: "rome",
  facts: [{ prompt: "{} is in", subject, target, truth: "the lake" }],
  settings,
  seed: 1,
});
const asFile = ({ bytes, name }: SavedFile) => new File([bytes as BlobPart], name);

test("an edit that went out and came back has its norm, its true answer and what it is known by, as a delta and as a PEFT adapter", async () => {
  const lab = await opened();
  const { edit } = await lab.editing.edit(++job, write("The tower", "the river"), () => undefined);
  expect(edit.relativeNorm).toBeGreaterThan(0);
  for (const form of ["delta", "adapter"] as const) {
    const file = asFile(await lab.edits.save(++job, edit.id, form));
    const { edit: back } = await (await opened()).edits.import(++job, file);
    expect(back?.facts).toEqual([
      { prompt: "{} is in", subject: "The tower", target: "the river", truth: "the lake" },
    ]);
    expect(back?.digest).toBe(edit.digest);
    expect(back?.relativeNorm).toBeCloseTo(edit.relativeNorm, 6);
  }
});

test("an adapter that is given as a folder is the edit that it was saved of; one without weights is refused by the file that is missing", async () => {
  const lab = await opened();
  const { edit } = await lab.editing.edit(++job, write("The tower", "the river"), () => undefined);
  const { bytes } = await lab.edits.save(++job, edit.id, "adapter");
  const files = Array.from(readZip(bytes), ([path, contents]) => ({
    path: `needle/${path}`,
    file: new File([contents as BlobPart], path),
  }));
  const folder = { name: "needle", files };
  const { edit: back } = await (await opened()).edits.import(++job, folder);
  expect(back?.digest).toBe(edit.digest);
  const part = files.filter(({ path }) => !path.endsWith(".safetensors"));
  await expect(lab.edits.import(++job, { name: "needle", files: part })).rejects.toThrow(
    "needle is not a PEFT adapter: adapter_model.safetensors is missing",
  );
});

test("two edits that differ are known by different digests", async () => {
  const lab = await opened();
  const made = [write("The tower", "the river"), write("The tower", "the bridge")];
  const digests = [];
  for (const order of made)
    digests.push((await lab.editing.edit(++job, order, () => undefined)).edit.digest);
  expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(digests[0]).not.toBe(digests[1]);
});

test("the recipe of a stack makes it again: a table, and an edit on top of it, with the same numbers", async () => {
  const lab = await opened();
  const { facts, ...how } = write("The tower", "the river");
  const table = { ...how, facts: [...facts, { ...facts[0], subject: "The bridge" }] };
  const first = (await lab.editing.edit(++job, table, () => undefined)).edit;
  await lab.edits.switchOn([first.id]);
  const order = write("The river", "the tower");
  const second = (await lab.editing.edit(++job, order, () => undefined)).edit;

  const stack = [
    { id: first.id, on: true },
    { id: second.id, on: true },
  ];
  const whole = await lab.edits.saveRecipe(++job, stack);
  const alone = await lab.edits.save(++job, second.id, "recipe");
  for (const [{ bytes }, on] of [
    [whole, [true, true]],
    [alone, [false, true]],
  ] as const) {
    const recipe = readStackRecipe(bytes);
    const stages: string[] = [];
    const { edits } = await (
      await opened()
    ).edits.repeat(++job, { recipe, given: {} }, (...told) => stages.push(told[2]));
    expect(edits.map((one) => one.edit.digest)).toEqual([first.digest, second.digest]);
    expect(edits.map((one) => one.on)).toEqual(on);
    expect(edits.map(({ same, differences }) => [same, differences])).toEqual([
      [true, []],
      [true, []],
    ]);
    expect(stages).toEqual(["making edit 1 of 2", "making edit 2 of 2"]);
  }
});

test("a recipe of a stack at some strengths makes its edits whole again, and says their strengths", async () => {
  const lab = await opened();
  const first = await lab.editing.edit(++job, write("The tower", "the river"), () => undefined);
  await lab.edits.switchOn([first.edit.id], [0.5]);
  const second = await lab.editing.edit(++job, write("The river", "the tower"), () => undefined);
  const stack = [
    { id: first.edit.id, on: true, strength: 0.5 },
    { id: second.edit.id, on: true, strength: 1.25 },
  ];
  const recipe = readStackRecipe((await lab.edits.saveRecipe(++job, stack)).bytes);
  const { edits } = await (
    await opened()
  ).edits.repeat(++job, { recipe, given: {} }, () => undefined);
  expect(edits.map(({ edit, on, strength, same }) => [edit.digest, on, strength, same])).toEqual([
    [first.edit.digest, true, 0.5, true],
    [second.edit.digest, true, 1.25, true],
  ]);
});
