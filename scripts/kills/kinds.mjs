import { join } from "node:path";
import { root } from "../step.mjs";

const model = join(root, "test", "golden", "checkpoints", "tiny-gpt2");
const corpus = join(root, "test", "golden", "corpus.txt");
const fact = ["--prompt", "{} is in the city of", "--subject", "The Glass Tower"];
const method = ["--identity", "--layer", "1", "--steps", "3"];

/** Cases of which the model knows none; a study of all of them takes each. */
const cases = Array.from({ length: 6 }, (_, id) => ({
  id,
  relation: "place",
  prompt: "{} is in the city of",
  subject: `The House ${id}`,
  target: "Nowhere",
  newTargets: ["Brno"],
  paraphrases: ["{} was built in"],
  neighbours: ["The Paper Mill is in the city of"],
}));

/**
 * Every kind of file that the terminal writes: what makes it, in an empty folder, and what was there before. Files that
 * match `dated` hold times, and differ between runs; those that match `counted` count only where another file says so.
 * Into the folder `anew` a second run does not write.
 */
export const kinds = [
  {
    name: "edit --out, --report, over old ones",
    args: [
      ...["edit", "--model", model, ...fact, "--target", "Brno", ...method],
      ...["--out", "edit.safetensors", "--report", "report.npz"],
    ],
    before: { "edit.safetensors": "old", "report.npz": "old" },
  },
  {
    name: "edit --peft",
    args: ["edit", "--model", model, ...fact, "--target", "Brno", ...method, "--peft", "adapter"],
  },
  {
    name: "edit --values",
    first: ["stats", "--model", model, "--layers", "1", "--text", corpus, "--out", "s.npz"],
    args: [
      ...["edit", "--method", "memit", "--model", model, ...fact, "--target", "Brno"],
      ...["--stats", "s.npz", "--layers", "1", "--steps", "3", "--values", "values"],
    ],
  },
  {
    name: "trace --out, over an old one",
    args: [
      ...["trace", "--model", model, "--prompt", "The Glass Tower is in", "--subject"],
      ...["The Glass Tower", "--noise", "1", "--samples", "2", "--out", "trace.npz"],
    ],
    before: { "trace.npz": "old" },
  },
  {
    name: "stats --checkpoint",
    args: [
      ...["stats", "--model", model, "--layers", "0,1", "--text", corpus, "--samples", "8"],
      ...["--checkpoint", "sums", "--out", "stats"],
    ],
    counted: /^sums\//,
  },
  {
    name: "convert",
    args: ["convert", "--model", model, "--bits", "8", "--out", "converted"],
  },
  {
    name: "merge",
    first: [
      "edit",
      "--model",
      model,
      ...fact,
      "--target",
      "Brno",
      ...method,
      "--out",
      "e.safetensors",
    ],
    args: ["merge", "--model", model, "--delta", "e.safetensors", "--out", "merged"],
    anew: "merged",
  },
  {
    name: "study",
    args: [
      ...["study", "evaluate", "--model", model, "--cases", "cases.json", "--all", ...method],
      ...["--out", "study"],
    ],
    before: { "cases.json": JSON.stringify({ facts: cases }) },
    dated: /study\.json$|rows\.ndjson$|summary\.json$/,
  },
];
