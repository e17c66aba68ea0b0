import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Delta } from "../../../src/data/delta/delta.ts";
import { writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../../src/engine/Model.ts";
import { call, folderTest as test, golden } from "../../support/call.ts";
import { waveDelta } from "../../support/engine/golden/weightChecks.ts";

const tokens = [[5, 17, 200, 33, 8]];
const readout = [{ row: 0, token: 4 }];
const models = ["tiny-gpt2", "tiny-gpt2-untied", "tiny-gptj", "tiny-neox"];

/** A change of every weight, by turns factors and dense. */
const everyWeight = (model: Model): Delta => ({
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: model.config.name,
    revision: "local",
    method: "waves",
    app: "palimpsest",
    seed: 0,
    hyperparameters: {},
  },
  weights: Object.entries(model.weightShapes).map(([weight, shape], seed) => {
    const rank = shape.length === 2 && seed % 2 === 0 ? 2 : null;
    return waveDelta({ weight, shape: [...shape], rank, seed, scale: 0.03 });
  }),
});

const open = (folder: string) => Model.load(nodeRuntime(), folderFiles(folder));

describe.each(models)("%s merged", (name) => {
  test("says what the model with the delta says", async ({ folder }) => {
    const model = await open(golden(name));
    const delta = everyWeight(model);
    const path = join(folder, "delta.safetensors");
    await writeFile(path, writeDelta(delta));
    model.setDeltas(delta.weights);
    const expected = (await model.run({ tokens, readout })).readout;
    for (const [bits, atol] of [
      ["32", 1e-4],
      ["16", 3e-2],
    ] as const) {
      const out = join(folder, bits);
      const args = ["--model", golden(name), "--delta", path, "--out", out, "--bits", bits];
      const { status, err } = await call("merge", ...args);
      expect(err).toBe("");
      expect(status).toBe(0);
      const merged = await open(out);
      const found = (await merged.run({ tokens, readout })).readout;
      expect(found).toBeAllclose(expected, { rtol: 0, atol });
      await merged.dispose();
    }
    const edit = JSON.parse(await readFile(join(folder, "32", "edit.json"), "utf8")) as Delta;
    expect(edit.provenance.method).toBe("waves");
    await model.dispose();
  });
});

test("merge refuses a folder that holds files, and a delta of another model", async ({
  folder,
}) => {
  const path = join(folder, "delta.safetensors");
  const model = await open(golden("tiny-gptj"));
  await writeFile(path, writeDelta(everyWeight(model)));
  await model.dispose();
  const args = ["merge", "--model", golden("tiny-gpt2"), "--delta", path, "--out"];
  expect((await call(...args, folder)).err).toBe(
    `${folder} is not empty; give a folder that is, or a new one\n`,
  );
  const out = join(folder, "out");
  expect((await call(...args, out)).err).toMatch(/^this delta was made for .*tiny-gptj/);
});
