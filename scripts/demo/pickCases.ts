import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pythonShuffle } from "../../src/methods/random/pythonRandom.ts";

/** A case in EasyEdit's compact form, as far as it is looked at. */
interface Compact {
  case_id: number;
  subject: string;
  ground_truth: string;
}

/**
 * The known cases of EasyEdit's compact files in the order of Python's `random.Random(1).shuffle`, all of them or those
 * whose subject has several answers among them.
 */
export async function pickCases(
  folder: string,
  known: readonly number[],
  kind: "any" | "several",
): Promise<Compact[]> {
  const ids = new Set(known);
  const files = await Promise.all(
    ["edit", "train", "val"].map((name) =>
      readFile(join(folder, `counterfact-${name}.json`), "utf8"),
    ),
  );
  const all = files
    .flatMap((text) => JSON.parse(text) as Compact[])
    .filter(({ case_id }) => ids.has(case_id));
  const answers = new Map<string, Set<string>>();
  for (const { subject, ground_truth } of all) {
    answers.set(subject, (answers.get(subject) ?? new Set()).add(ground_truth));
  }
  const shuffled = pythonShuffle(all.length, 1).map((place) => all[place]);
  if (kind === "any") return shuffled;
  // Those of one subject stand together, so that each has the other in the same file.
  return shuffled.filter(({ subject }) => answers.get(subject)!.size > 1);
}
