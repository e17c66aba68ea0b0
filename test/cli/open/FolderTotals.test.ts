import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { FolderTotals } from "../../../src/cli/open/FolderTotals.ts";
import { folderTest as test } from "../../support/call.ts";

const shape = { layers: [4, 2], n: 3, side: 2 };

/** Adds the number to every entry of every tile of both layers, twice of the second. */
async function addAll(totals: FolderTotals, value: number) {
  for (const [i, layer] of shape.layers.entries()) {
    for (let tile = 0; tile < 3; tile++) {
      await totals.add({ layer, tile, partial: new Float32Array(4).fill(value * (i + 1)) });
    }
  }
}

const entries = async (totals: FolderTotals) => [
  (await totals.sum(4)).at(2, 0),
  (await totals.sum(2)).at(2, 0),
];

test("a later process goes on from the last commit", async ({ folder }) => {
  const first = new FolderTotals(folder);
  expect(await first.read()).toBeUndefined();
  await first.begin(shape);
  await addAll(first, 1);
  await first.commit({ at: 1 });
  await addAll(first, 2 ** 25);
  await first.commit({ at: 2 });
  await addAll(first, 100); // and it is killed
  const second = new FolderTotals(folder);
  expect(await second.read()).toEqual({ at: 2 });
  await addAll(second, 1);
  await second.commit({ at: 3 });
  await addAll(second, -(2 ** 25));
  await second.commit({ at: 4 });
  await second.commit({ at: 5 });
  expect(await entries(second)).toEqual([2, 4]);
  expect((await readdir(folder)).sort()).toEqual(["head.json", "sums.4.f64"]);
  await second.clear();
  expect(await readdir(folder)).toEqual([]);
});

test("what is damaged, or of another version, is a sentence", async ({ folder }) => {
  const totals = new FolderTotals(folder);
  await totals.begin(shape);
  await addAll(totals, 1);
  await totals.commit({});
  const path = join(folder, "sums.1.f64");
  const bytes = await readFile(path);
  bytes[9] ^= 1;
  await writeFile(path, bytes);
  await expect(totals.sum(4)).rejects.toThrow("is damaged: tile 0 is not what was written");
  for (const [head, sentence] of [
    [
      '{"format": 7}',
      'head.json: "format" is 7, expected 1, the only version that is read; delete',
    ],
    ["{", "head.json is not JSON: "],
    ["null", "head.json is null, expected an object; delete the folder and collect again"],
    ['{"format": 1, "generation": 1, "shape": {"layers": [0], "n": 1e15}}', '"shape.n" is 1000000'],
  ]) {
    await writeFile(join(folder, "head.json"), head);
    await expect(new FolderTotals(folder).read()).rejects.toThrow(sentence);
  }
});
