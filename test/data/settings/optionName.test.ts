import { expect, test } from "vitest";
import { optionName, optionUsage } from "../../../src/data/settings/optionName.ts";

test("an option is the name in kebab case, or what the field says", () => {
  expect(optionName({ name: "learningRate" })).toBe("learning-rate");
  expect(optionName({ name: "steps" })).toBe("steps");
  expect(optionName({ name: "contextLengths", option: "prefixes" })).toBe("prefixes");
});

test("its usage says what it takes", () => {
  const choices = [["code", "as published"], ["other", "Other"]] as const; // prettier-ignore
  expect(optionUsage({ name: "keyMode", kind: { type: "choice", choices } })).toBe(
    "--key-mode code|other",
  );
  expect(optionUsage({ name: "steps", kind: { type: "number", whole: true } })).toBe("--steps N");
  expect(optionUsage({ name: "all", kind: { type: "flag" } })).toBe("--all");
});
