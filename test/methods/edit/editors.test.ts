import { afterAll, expect, test } from "vitest";
import type { Editor } from "../../../src/methods/edit/Editor.ts";
import { editorOf, editors } from "../../../src/methods/edit/editors.ts";
import { editorViews } from "../../../src/methods/edit/editorViews.ts";
import { smallConfig } from "../../support/engine/smallConfig.ts";
import { nothing } from "../../support/methods/nothing/nothing.ts";

// What adding a method takes: its folder, and its line in the list.
const list = editors as Editor[];
list.push(nothing);
afterAll(() => void list.pop());
const { call, callJson, golden } = await import("../../support/call.ts");

const fact = ["--prompt", "{} is in", "--subject", "Rome", "--target", "Italy"];
const edit = ["edit", "--method", "nothing", "--model", golden("tiny-gpt2"), ...fact];

test("the form and its sentences are made from what it says of itself", () => {
  const view = editorViews(smallConfig).find(({ name }) => name === "nothing")!;
  expect(view.preset).toEqual({ effort: 1 });
  expect(view.fields.map(({ label }) => label)).toEqual(["Effort"]);
  expect(editorOf("nothing").title).toBe("Nothing");
});

test("the terminal's help and options too", async () => {
  const { out } = await call("edit", "--help");
  expect(out).toContain("with --method nothing: [--effort X]");
  expect((await call(...edit, "--effort", "-1")).err).toContain("effort");
});

test("it runs, and nothing is changed", async () => {
  const summary = await callJson<Record<string, unknown>>(...edit, "--effort", "3");
  expect(summary).toMatchObject({ method: "nothing", relativeNorm: 0, effort: 3 });
});
