import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { editCommand } from "../../../src/cli/commands/edit.ts";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { isLowRank } from "../../../src/data/delta/delta.ts";
import { settingsText } from "../../../src/data/settings/fieldText.ts";
import { changedSettings } from "../../../src/data/settings/fieldValue.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { editorOf, editors } from "../../../src/methods/edit/editors.ts";
import { editorViews } from "../../../src/methods/edit/editorViews.ts";
import { plan } from "../../../src/methods/memory/plan.ts";
import { readBytes } from "../../../src/cli/open/files.ts";
import { folderTest as test, golden } from "../../support/call.ts";
import { doNothing } from "../../support/methods/doNothing.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

/** What somebody does who adds an editor: one file, and one name in the registry. */
const registry = [...editors, doNothing];

let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

test("an editor is found by its name, and the registry stays what it is", () => {
  expect(editorOf("nothing", registry)).toBe(doNothing);
  expect(() => editorOf("nothing")).toThrow("unknown method: nothing (");
});

test("a form has its fields, its preset and what was typed", () => {
  const view = editorViews(model.config, registry).at(-1)!;
  expect(structuredClone(view)).toEqual(view);
  expect(settingsText(view.fields, view.preset)).toEqual({
    layer: "2",
    looks: "2",
    manner: "quietly",
  });
  const typed = changedSettings(view.fields, { looks: "3" }, view.preset, { layers: 3 });
  expect(typed).toEqual({ layer: 2, looks: 3, manner: "quietly" });
  expect(() => changedSettings(view.fields, { layer: "9" }, view.preset, { layers: 3 })).toThrow(
    "invalid layer: 9 (this model has 0–2)",
  );
});

test("a plan of memory is made for it", () => {
  const at = { config: model.config, precision: "f32", provider: "cpu" } as const;
  const made = plan({ ...at, method: "nothing", editors: registry });
  expect(made).toMatchObject({ statistics: 0, activations: 4, verdict: "fits" });
  expect(() => plan({ ...at, method: "nothing" })).toThrow("unknown method: nothing");
});

/** What the terminal says to a command line. */
async function call(...args: string[]) {
  let out = "";
  const root = "";
  const silent = () => undefined;
  const print = (text: string) => (out += text);
  const terminal = { root, print, note: silent, progress: silent };
  await editCommand(registry).run(["--model", golden("tiny-gpt2"), ...args], terminal);
  return out;
}
const fact = ["--prompt", "{} is in", "--subject", "The ferry", "--target", "town"];

test("the terminal has its options, and runs it", async ({ folder }) => {
  const { usage, about } = editCommand(registry);
  expect(usage).toContain("with --method nothing: [--layer L] [--looks N] [--how quietly|loudly]");
  expect(about).toContain("Nothing: Leaves every fact as it is");
  const path = join(folder, "nothing.safetensors");
  const run = ["--method", "nothing", "--looks", "3", "--how", "loudly", ...fact];
  const said = JSON.parse(await call(...run, "--out", path, "--json")) as Record<string, unknown>;
  expect(said).toMatchObject({
    method: "nothing",
    relativeNorm: 0,
    calmness: 1,
    covariance: "none: C = I",
    hyperparameters: { layer: 2, looks: 3, manner: "loudly" },
    layers: [{ layer: 2, relativeNorm: 0 }],
    facts: [{ written: true, steps: 3 }],
  });
  expect(said.after).toBe(said.before);
  expect(said.steps).toMatchObject([{ calm: 1 }, { calm: 2 }, { calm: 3 }]);
  const { weights, provenance } = readDelta(await readBytes(path), path);
  expect(isLowRank(weights[0].change)).toBe(false);
  expect(provenance).toMatchObject({ method: "nothing", precision: "f32", statistics: [] });
});

test("the terminal refuses what is another's, or cannot be", async () => {
  const wrong = (...args: string[]) => call(...args, ...fact);
  await expect(wrong("--method", "nothing", "--clamp", "4")).rejects.toThrow(
    "--clamp does not go with --method nothing",
  );
  await expect(wrong("--method", "nothing", "--identity")).rejects.toThrow(
    "--identity does not go with --method nothing",
  );
  await expect(wrong("--how", "loudly")).rejects.toThrow("--how does not go with --method rome");
  await expect(wrong("--method", "nothing", "--how", "softly")).rejects.toThrow(
    "invalid --how: softly (one of quietly, loudly)",
  );
  await expect(wrong("--method", "nothing", "--facts", "a.csv")).rejects.toThrow(
    "--prompt does not go with --facts",
  );
});

test("a model without statistics is refused, unless the identity is meant", async () => {
  await expect(call(...fact)).rejects.toThrow(
    /tiny-gpt2 has no statistics of layer \d; .*--stats, or say --identity/,
  );
  const made = ["--identity", "--steps", "2", "--json"];
  expect(await call(...fact, ...made)).toContain('"covariance":"none: C = I"');
});
