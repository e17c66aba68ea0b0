import { expect, test } from "vitest";
import { together } from "../../../src/data/together.ts";
import { editWords, sigmaWords, traceWords } from "../../../src/ui/run/runWords.ts";

test("words stand together as a reader says them", () => {
  expect(together(["the window"])).toBe("the window");
  expect(together(["the window", "the seed"])).toBe("the window and the seed");
  expect(together(["a", "b", "c"])).toBe("a, b and c");
});

test("the edits of a run are counted, and the only one is named", () => {
  const edit = { id: "a", digest: "", strength: 1, title: "ROME: The Space Needle, Paris" };
  expect(editWords({ edits: [] })).toBe("no edit");
  expect(editWords({ edits: [edit] })).toBe("one edit, ROME: The Space Needle, Paris");
  expect(editWords({ edits: [edit, edit] })).toBe("2 edits");
});

test("a trace's settings and σ with its set stand in one line each", () => {
  const settings = { window: 3, samples: 1, noise: { kind: "sigma", factor: 3 }, replace: true };
  expect(traceWords({ settings, seed: 1 })).toBe(
    "window 3, one sample, noise 3s, in the place of the subject, seed 1",
  );
  expect(sigmaWords({ value: 0.061666, set: "the 480 subjects of the example facts" })).toBe(
    "σ 0.0617 over the 480 subjects of the example facts",
  );
});
