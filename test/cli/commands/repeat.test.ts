import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { stackRecipeOf, writeStackRecipe } from "../../../src/data/delta/stackRecipe.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";

const model = ["--model", golden("tiny-gpt2")];
const cheap = ["--identity", "--layer", "1", "--steps", "3", "--context-lengths", ""];
const tower = ["--prompt", "{} is in", "--subject", "The tower", "--target", "the river"];
const read = async (path: string) => readDelta(new Uint8Array(await readFile(path)), path);

interface Told {
  out: string;
  facts: number;
  on: boolean;
  same?: boolean;
}

test("a recipe makes a table on top of an edit again, and the edit beneath it, to the last bit", async ({
  folder,
}) => {
  const [first, second] = ["first", "second"].map((name) => join(folder, `${name}.safetensors`));
  const table = join(folder, "facts.csv");
  await writeFile(table, "prompt,subject,target\n{} is,The bridge,wide\n{} is,The river,deep\n");
  const write = ["edit", ...model, "--method", "rome", ...cheap];
  expect((await call(...write, ...tower, "--out", first)).err).toBe("");
  const on = ["--delta", first, "--facts", table, "--out", second];
  expect((await call(...write, ...on)).err).toBe("");

  const recipe = join(folder, "stack.json");
  const top = await read(second);
  await writeFile(recipe, writeStackRecipe((await stackRecipeOf([{ delta: top, on: true }]))!));
  for (const [i, from] of [recipe, second].entries()) {
    const out = ["--out", join(folder, `again ${i}`)];
    const told = await callJson<Told[]>("repeat", ...model, "--recipe", from, ...out);
    expect(told).toMatchObject([
      { facts: 1, on: false, same: true },
      { facts: 2, on: true, same: true },
    ]);
    expect(await deltaDigest(await read(told[1].out))).toBe(await deltaDigest(top));
    expect((await read(told[1].out)).provenance).toEqual(top.provenance);
  }
});

test("what a recipe takes from a file is asked for, and given by --delta", async ({ folder }) => {
  const [made, foreign, top] = ["a", "b", "c"].map((name) => join(folder, `${name}.safetensors`));
  const write = ["edit", ...model, "--method", "rome", ...cheap, ...tower, "--out"];
  await call(...write, made);
  const { writeDelta } = await import("../../../src/data/delta/deltaFile.ts");
  const { provenance, weights } = await read(made);
  const { request: _, ...unsaid } = provenance;
  await writeFile(foreign, writeDelta({ provenance: unsaid, weights }));
  await call(...write, top, "--delta", foreign);
  const repeat = ["repeat", ...model, "--recipe", top, "--out", join(folder, "out")];
  expect((await call(...repeat)).err).toMatch(
    /^edit 1: the recipe does not say how it was made, since it came from a file \([0-9a-f]{8}…\); give that file first/,
  );
  expect((await call(...repeat, "--delta", foreign)).status).toBe(0);
});
