import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";
import { twinFolders } from "../../support/engine/twin.ts";

const fact = ["--prompt", "{} is in", "--subject", "The tower", "--target", "the river"];
const quick = ["--steps", "2", "--contexts"];
const other = /of other contents \(stamp [0-9a-f]{8}\).*--another-model takes/;

/** Arguments of a quick edit of a model, without statistics. */
async function editOf(model: string, folder: string, method = "rome") {
  const contexts = join(folder, "contexts.json");
  await writeFile(contexts, '["{}"]');
  const layers = method === "rome" ? ["--layer", "1"] : ["--layers", "1"];
  return ["edit", "--method", method, "--model", model, ...fact, ...layers, ...quick, contexts];
}

test("an edit is refused by another model of the same name and shapes, and taken when that is said", async ({
  folder,
}) => {
  const { one, other: twin } = await twinFolders(folder);
  const delta = join(folder, "edit.safetensors");
  const peft = join(folder, "adapter");
  const args = await editOf(one, folder);
  expect((await call(...args, "--identity", "--out", delta, "--peft", peft)).err).toBe("");
  const { provenance } = readDelta(new Uint8Array(await readFile(delta)));
  expect(provenance).toMatchObject({ model: "model", revision: "local", precision: "f32" });
  expect(provenance.stamp).toMatch(/^[0-9a-f]{64}$/);

  const prompt = ["--prompt", "The tower is in"];
  for (const path of [delta, peft]) {
    expect((await call("predict", "--model", one, ...prompt, "--delta", path)).err).toBe("");
    const { status, err } = await call("predict", "--model", twin, ...prompt, "--delta", path);
    expect([status, err]).toEqual([1, expect.stringMatching(other)]);
    const taken = ["predict", "--model", twin, ...prompt, "--delta", path, "--another-model"];
    expect((await call(...taken)).err).toBe("");
  }
  const merge = ["merge", "--model", twin, "--delta", delta, "--out", join(folder, "merged")];
  expect((await call(...merge)).err).toMatch(other);
  expect((await call(...merge, "--another-model")).err).toBe("");
});

test("a converted folder is the model that it was made of, and says so", async ({ folder }) => {
  const { one } = await twinFolders(folder);
  const [delta, q4] = [join(folder, "edit.safetensors"), join(folder, "q4")];
  await call(...(await editOf(one, folder)), "--identity", "--out", delta);
  await call("convert", "--model", one, "--bits", "4", "--out", q4);
  const predict = ["predict", "--model", q4, "--prompt", "The tower is in", "--delta", delta];
  expect((await call(...predict)).err).toBe("");
  const made = join(folder, "of q4.safetensors");
  await call(...(await editOf(q4, folder)), "--identity", "--out", made);
  const { provenance } = readDelta(new Uint8Array(await readFile(made)));
  expect(provenance.precision).toBe("q4");
  expect(provenance.stamp).not.toBe(
    readDelta(new Uint8Array(await readFile(delta))).provenance.stamp,
  );
});

test("statistics are refused by another model and in another precision; those that do not say are taken", async ({
  folder,
}) => {
  const { one, other: twin } = await twinFolders(folder);
  const stats = join(folder, "layer 1.npz");
  const corpus = golden("../corpus.txt");
  const collect = ["--text", corpus, "--layers", "1", "--samples", "20", "--out", stats];
  expect((await call("stats", "--model", one, ...collect)).err).toBe("");
  const edit = async (model: string, ...more: string[]) =>
    call(...(await editOf(model, folder)), "--stats", stats, ...more);
  expect((await edit(one)).err).toBe("");
  expect((await edit(twin)).err).toMatch(other);
  expect((await edit(twin, "--another-model")).err).toBe("");
  expect((await edit(one, "--precision", "q8")).err).toMatch(
    /is of model in f32, and the open model is in q8; --another-model/,
  );
  const published = golden("../numbers/tiny-gpt2/statistics.npz");
  expect((await call(...(await editOf(twin, folder)), "--stats", published)).err).toBe("");
});

test("found states are not shared by two models of one name, nor by two precisions", async ({
  folder,
}) => {
  const { one, other: twin } = await twinFolders(folder);
  const values = join(folder, "values");
  const stats = ["--stats", golden("../numbers/tiny-gpt2/statistics.npz")];
  const kept = async (model: string, ...more: string[]) => {
    const args = await editOf(model, folder, "memit");
    await callJson(...args, ...stats, "--values", values, ...more);
    return (await readdir(values)).length;
  };
  expect(await kept(one)).toBe(1);
  expect(await kept(one)).toBe(1);
  expect(await kept(twin)).toBe(2);
  expect(await kept(one, "--precision", "q8")).toBe(3);
});
