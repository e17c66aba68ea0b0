import { expect, test } from "vitest";
import { addressOf, checkAddress, sourceOf } from "../../../src/ui/model/modelAddress.ts";

test.each([
  ["demo", { kind: "demo" }],
  ["org/name", { kind: "address", address: "org/name" }],
  ["org/name@refs/pr/40", { kind: "address", address: "org/name", revision: "refs/pr/40" }],
  ["https://a.test/x@y/z", { kind: "address", address: "https://a.test/x@y/z" }],
])("%s is a place, and is named so", (model, source) => {
  expect(sourceOf(model)).toEqual(source);
  expect(addressOf(sourceOf(model))).toBe(model);
});

test("a folder has a name in a link, which the page cannot open", () => {
  const name = addressOf({ kind: "folder", name: "mine", files: [] });
  expect(name).toBe("folder:mine");
  expect(() => checkAddress(sourceOf(name))).toThrow("the link names a folder of a computer, mine");
});
