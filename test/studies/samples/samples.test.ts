import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { callJson, folderTest as test, golden } from "../../support/call.ts";

/** CounterFact's record of a subject in a city. */
const record = (subject: string) => ({
  case_id: subject,
  neighborhood_prompts: ["The Paper Mill is in the city of"],
  paraphrase_prompts: [`It is said that the ${subject} is in the city of`],
  requested_rewrite: {
    prompt: "The {} is in the city of",
    subject,
    target_new: { str: "Lindholm" },
    target_true: { str: "Port Vell" },
  },
});
const names = [
  "Harbour Lamp",
  "Paper Mill",
  "Glass Tower",
  "Old Market",
  "Stone Gate",
  "Long Pier",
];

test("edits with covariances of more and more keys, and says where there is none", async ({
  folder,
}) => {
  const file = join(folder, "cases.json");
  await writeFile(file, JSON.stringify(names.map(record)));
  const out = join(folder, "out");
  type Point = { keys: number; condition: number | null; scores?: object; failure?: string };
  const { points } = await callJson<{ points: Point[] }>(
    ...["study", "samples", "--model", golden("tiny-gpt2"), "--cases", file, "--all", "--out", out],
    ...["--multiples", "0.05,0.5", "--count", "2", "--sample", "2", "--layers", "0,1"],
  );
  expect(points).toHaveLength(2);
  expect(points[0].keys).toBeLessThan(points[1].keys);
  // Fewer keys than dMlp: C is singular, which the file says as it is.
  for (const point of points) expect(point.scores ?? point.failure).toBeDefined();
  expect(points[0].condition).toBeNull();
  expect(await readFile(join(out, "samples.svg"), "utf8")).toMatch(/^<svg /);
});
