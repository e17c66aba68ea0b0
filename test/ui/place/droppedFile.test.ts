import { expect, test } from "vitest";
import { droppedKind, isAdapter } from "../../../src/ui/place/droppedFile.ts";

const file = (name: string, text = "…") => new File([text], name);

test.each([
  ["needle.safetensors", "…", "edit"],
  ["needle-peft.zip", "…", "edit"],
  ["palimpsest-runs.zip", "…", "runs"],
  ["palimpsest-run (2).zip", "…", "runs"],
  ["study-sweep-rome.zip", "…", "study"],
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

test.each([
  ["needle/adapter_config.json needle/adapter_model.safetensors needle/edit.json", true],
  ["adapter_config.json adapter_model.safetensors", true],
  ["gpt2/config.json gpt2/model.safetensors gpt2/adapter_config.json", false],
  ["gpt2/config.json gpt2/model.safetensors", false],
])("a folder of %s is an edit: %s", (paths, expected) => {
  expect(isAdapter({ files: paths.split(" ").map((path) => ({ path })) })).toBe(expected);
  expect(isAdapter(null)).toBe(false);
});

test("several files are a model's", async () => {
  expect(await droppedKind([file("a.csv"), file("b.csv")])).toBeUndefined();
});
