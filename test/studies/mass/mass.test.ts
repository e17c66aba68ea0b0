import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
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
const names = ["Harbour Lamp", "Paper Mill", "Glass Tower", "Old Market", "Stone Gate"];

test("scores groups of known cases with both methods", async ({ folder }) => {
  const file = (path: string) => join(folder, path);
  await writeFile(file("cases.json"), JSON.stringify(names.map(record)));
  await mkdir(file("stats"));
  for (const [layer, name] of ["statistics.0.npz", "statistics.npz"].entries()) {
    const target = `stats/transformer.h.${layer}.mlp.c_proj_float32_mom2.npz`;
    await copyFile(join(golden("tiny-gpt2"), "../../numbers/tiny-gpt2", name), file(target));
  }
  const how = ["--stats", file("stats"), "--layers", "0,1", "--lambda", "0.2", "--steps", "3"];
  type Result = { count: number; groups: number; after: { cases: number }; perplexity: number };
  type Said = { studies: { method: string; results: Result[] }[] };
  const { studies } = await callJson<Said>(
    ...[
      "study",
      "mass",
      "--model",
      golden("tiny-gpt2"),
      ...how,
      "--cases",
      file("cases.json"),
      "--all",
    ],
    ...["--counts", "1,3", "--sample", "2", "--out", file("out")],
  );
  expect(studies.map(({ method }) => method)).toEqual(["memit", "rome"]);
  for (const { results } of studies) {
    expect(results.map(({ count, groups, after }) => [count, groups, after.cases])).toEqual([
      [1, 2, 2],
      [3, 1, 3],
    ]);
    for (const { perplexity } of results) expect(perplexity).toBeGreaterThan(1);
  }
  expect(JSON.parse(await readFile(file("out/summary.json"), "utf8"))).toMatchObject({ studies });
});
