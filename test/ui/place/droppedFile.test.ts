import { expect, test } from "vitest";
import { droppedKind } from "../../../src/ui/place/droppedFile.ts";

const file = (name: string, text = "…") => new File([text], name);

test.each([
  ["needle.safetensors", "…", "edit"],
  ["needle-peft.zip", "…", "edit"],
  ["palimpsest-runs.zip", "…", "runs"],
  ["palimpsest-run (2).zip", "…", "runs"],
  ["stack.json", '{ "edits": [], "format": "palimpsest.recipe" }', "edit"],
  ["long.json", `{ "edits": "${"x".repeat(2000)}", "format": "palimpsest.recipe" }`, "edit"],
  ["counterfact.json", '[{ "case_id": 1 }]', "facts"],
  ["facts.CSV", "prompt,subject,target", "facts"],
  ["C.npz", "…", "statistics"],
  ["model.safetensors", "…", undefined],
  ["config.json", "{}", undefined],
  ["picture.png", "…", undefined],
])("%s that is dropped is taken for what it is", async (name, text, kind) => {
  expect(await droppedKind([file(name, text)])).toBe(kind);
});

test("several files are a model's", async () => {
  expect(await droppedKind([file("a.csv"), file("b.csv")])).toBeUndefined();
});
