import { expect, test } from "vitest";
import { decodeView, encodeView } from "../../src/ui/viewHash.ts";

test("a view comes back from its address, whatever is in its words", () => {
  const view = {
    model: "demo",
    prompt: "Tom & Jerry #1 = ünï {} +",
    subject: "Tom & Jerry",
    at: "1",
    target: "a;b",
    paraphrases: "one\ntwo",
    trace: { samples: "5", noise: "u0.1" },
    method: "memit",
    settings: { rome: { layer: "3", keyMode: "r-rome" }, memit: { lambda: "5" } },
  };
  expect(decodeView(`#${encodeView(view)}`, ["rome", "memit"])).toEqual(view);
});

test("what is empty is left out but for what was emptied, what is unknown is ignored", () => {
  expect(encodeView({ answer: "", model: "demo" })).toBe("model=demo");
  expect(encodeView({ model: "demo", truth: "", paraphrases: undefined })).toBe(
    "model=demo&truth=",
  );
  expect(decodeView("#model=demo&colour=red&trace.x=1&other.y=2")).toEqual({
    model: "demo",
    trace: { x: "1" },
  });
  expect(decodeView("")).toEqual({});
});
