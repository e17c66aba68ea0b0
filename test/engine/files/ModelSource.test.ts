import { expect, test } from "vitest";
import { modelSource } from "../../../src/engine/files/ModelSource.ts";

test.for<[string, ReturnType<typeof modelSource>]>([
  ["openai-community/gpt2-xl", { id: "openai-community/gpt2-xl" }],
  [" gpt2 ", { id: "gpt2" }],
  ["EleutherAI/gpt-j-6b@float16", { id: "EleutherAI/gpt-j-6b", revision: "float16" }],
  ["EleutherAI/gpt-j-6b@refs/pr/40", { id: "EleutherAI/gpt-j-6b", revision: "refs/pr/40" }],
  ["https://huggingface.co/a/b", { id: "a/b" }],
  ["https://huggingface.co/a/b/tree/refs%2Fpr%2F1/", { id: "a/b", revision: "refs/pr/1" }],
  ["https://huggingface.co/a/b/resolve/main", { id: "a/b", revision: "main" }],
  ["https://hub.example/a/b", { id: "a/b" }],
  ["https://example.org/models/tiny", { address: "https://example.org/models/tiny" }],
  ["/models/demo", { address: "/models/demo" }],
])("%s", ([text, source]) => {
  expect(modelSource(text, "https://hub.example")).toEqual(source);
});

test.for(["", "a b", "../../etc/passwd", "a/b/c", "a/..", "@main"])("%j is refused", (text) => {
  expect(() => modelSource(text)).toThrow(/^invalid model: .*\(a Hub id looks like/);
});
