import { expect, test } from "vitest";
import {
  type ModelIdentity,
  otherModel,
  otherNumbers,
} from "../../../src/data/identity/ModelIdentity.ts";

const [a, b] = ["1f", "2e"].map((hex) => hex.repeat(32));
const open: ModelIdentity = { stamp: a, precision: "f32", id: "model", revision: "local" };
const made = { id: "model", revision: "local", stamp: a, precision: "f32" };

test("what was made with the same contents is of the model, whatever its folder is called", () => {
  expect(otherModel({ ...made, id: "renamed", revision: "main" }, open)).toBeUndefined();
  expect(otherModel({ ...made, precision: "q4" }, open)).toBeUndefined();
});

test("what was made with other contents is told apart, also under the same name", () => {
  expect(otherModel({ ...made, stamp: b }, open)).toBe(
    "it was made with model of other contents (stamp 2e2e2e2e) than the open model (1f1f1f1f)",
  );
});

test("what does not say is not told apart", () => {
  expect(otherModel({ id: "other" }, open)).toBeUndefined();
  expect(otherNumbers({ id: "other" }, open)).toBeUndefined();
});

test("numbers of one precision are not those of another", () => {
  expect(otherNumbers({ ...made, precision: "q4" }, open)).toBe(
    "it is of model in q4, and the open model is in f32",
  );
  expect(otherNumbers({ ...made, stamp: b }, open)).toMatch(/other contents/);
});

test("a conversion is the model that it was made of", () => {
  const converted: ModelIdentity = { ...open, stamp: b, precision: "q4", convertedFrom: a };
  expect(otherModel(made, converted)).toBeUndefined();
  expect(otherNumbers(made, converted)).toMatch(/in f32, and the open model is in q4/);
  expect(otherNumbers({ ...made, precision: "q4" }, converted)).toBeUndefined();
});

test("a name from a file is shown without what could hide in it", () => {
  const long = otherModel({ ...made, id: `evil\u001b[2J${"x".repeat(500)}`, stamp: b }, open)!;
  expect(long).not.toContain("\u001b");
  expect(long.length).toBeLessThan(200);
});
