import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { readZip } from "../../src/data/archive/zip.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import { call, folderTest as test, golden } from "../support/call.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";
import { memoryDirectory } from "../support/engine/memoryDirectory.ts";

const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const files = names.map((path) => ({
  path,
  file: new File([readFileSync(`test/golden/checkpoints/tiny-gpt2/${path}`)], path),
}));
let job = 0;
const none = () => undefined;

/** A Lab with a model of these files. */
async function opened(of: typeof files) {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  await lab.open(++job, "http://localhost:1/");
  await lab.load(++job, { source: { kind: "folder", name: "tiny-gpt2", files: of } }, none);
  return lab;
}

/** A Lab with the tiny model, and two edits of it, the second on top of the first. */
async function edited() {
  const lab = await opened(files);
  const preset = editors[0].preset(smallConfig).settings;
  const settings = { ...preset, layer: 1, steps: 2, covariance: "I", contextLengths: [] };
  const edits: string[] = [];
  for (const target of ["the river", "the bridge"]) {
    const facts = [{ prompt: "{} is in", subject: "The tower", target }];
    const order = { editor: "rome", facts, settings, seed: 1 };
    const { edit } = await lab.editing.edit(++job, order, () => undefined);
    edits.push(edit.id);
    await lab.edits.switchOn(edits);
  }
  return { lab, edits };
}

test("the page's folder and archive are the terminal's merge, byte for byte", async ({
  folder,
}) => {
  const { lab, edits } = await edited();
  const paths: string[] = [];
  for (const [i, id] of edits.entries()) {
    const { bytes } = await lab.edits.save(++job, id, "delta");
    paths.push(join(folder, `${i}.safetensors`));
    await writeFile(paths[i], bytes);
  }
  const out = join(folder, "merged");
  const deltas = paths.flatMap((path) => ["--delta", path]);
  const merge = ["merge", "--model", golden("tiny-gpt2"), ...deltas, "--out", out];
  expect((await call(...merge, "--bits", "16")).err).toBe("");

  const stages: string[] = [];
  const order = { edits, bits: 16 } as const;
  const saved = await lab.export.save(++job, order, (_, __, stage) => stages.push(stage));
  expect(saved.name).toBe("tiny-gpt2-2-edits.zip");
  expect(stages[0]).toBe("writing embedding.safetensors (1 of 5)");
  const zip = readZip(new Uint8Array(await saved.blob!.arrayBuffer()));
  const own = saved.name.replace(/\.zip$/, "");
  const there = readdirSync(out);
  expect([...zip.keys()].map((path) => path.replace(`${own}/`, "")).sort()).toEqual(there.sort());
  for (const name of there.filter((name) => name !== "edit.json"))
    expect(Buffer.from(zip.get(`${own}/${name}`)!).equals(readFileSync(join(out, name)))).toBe(
      true,
    );

  const { parent, contents } = memoryDirectory();
  for (const expected of [own, `${own}-2`]) {
    const told = await lab.export.save(++job, { ...order, parent }, none);
    expect(told).toEqual({ name: expected, bytes: saved.bytes });
    for (const [path, bytes] of zip)
      expect(contents().get(path.replace(own, expected))).toEqual(Uint8Array.from(bytes));
  }
});

test("the page at some strengths, its saved model, its one delta and the terminal's commands say the same", async ({
  folder,
}) => {
  const { lab, edits } = await edited();
  const strengths = [0.5, 1.25];
  await lab.edits.switchOn(edits, strengths);
  const prompt = "The tower is in";
  const { before, after } = await lab.predict(++job, prompt, 5);
  expect(Math.abs(after![0].probability - before[0].probability)).toBeGreaterThan(1e-4);
  const same = (found: { id: number; probability: number }[], digits: number) =>
    after!.forEach(({ id, probability }) =>
      expect(found.find((one) => one.id === id)!.probability).toBeCloseTo(probability, digits),
    );

  const saved = await lab.export.save(++job, { edits, strengths, bits: 32 }, none);
  const zip = readZip(new Uint8Array(await saved.blob!.arrayBuffer()));
  const own = saved.name.replace(/\.zip$/, "");
  const again = Array.from(zip, ([path, bytes]) => ({
    path: path.replace(`${own}/`, ""),
    file: new File([bytes as BlobPart], path),
  }));
  const other = await opened(again);
  same((await other.predict(++job, prompt, 50)).before, 6);

  const keep = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };
  const said = async (...options: string[]) => {
    const asked = ["--model", golden("tiny-gpt2"), "--prompt", prompt, "--top", "50", "--json"];
    const { out, err } = await call("predict", ...asked, ...options);
    expect(err).toBe("");
    return (JSON.parse(out) as { predictions: { id: number; probability: number }[] }).predictions;
  };
  const one = await keep("one.safetensors", (await lab.edits.saveSum(++job)).bytes);
  same(await said("--delta", one), 6);
  const whole: string[] = [];
  for (const [i, id] of edits.entries())
    whole.push(await keep(`${i}.safetensors`, (await lab.edits.save(++job, id, "delta")).bytes));
  const files = whole.flatMap((path) => ["--delta", path]);
  same(await said(...files, "--strength", "0.5,1.25"), 6);
  const sum = join(folder, "sum.safetensors");
  expect((await call("sum", ...files, "--strength", "0.5,1.25", "--out", sum)).err).toBe("");
  expect((await imported(lab, sum))?.digest).toBe((await imported(lab, one))?.digest);
  expect((await call("predict", ...wrong, ...files, "--strength", "1,1,1")).err).toMatch(
    /3 numbers for 2 edits/,
  );
});

const wrong = ["--model", golden("tiny-gpt2"), "--prompt", "The tower"];
const imported = async (lab: Lab, path: string) =>
  (await lab.edits.import(++job, new File([readFileSync(path)], "one.safetensors"))).edit;

test("where saving is cancelled, or the disk is full, nothing is left of the folder", async () => {
  const { lab, edits } = await edited();
  const { parent, contents, fail } = memoryDirectory();
  const order = { edits, bits: 32, parent } as const;
  const saving = lab.export.save(++job, order, () => lab.cancel(job));
  await expect(saving).rejects.toMatchObject({ name: "AbortError" });
  expect(contents().size).toBe(0);
  fail(new DOMException("no room", "QuotaExceededError"));
  await expect(lab.export.save(++job, order, none)).rejects.toThrow(
    "embedding.safetensors cannot be written: the disk is full",
  );
  expect(contents().size).toBe(0);
});
