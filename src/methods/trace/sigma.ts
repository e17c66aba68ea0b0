import type { RunSigma } from "../../data/run/RunContext.ts";
import type { Model } from "../../engine/Model.ts";
import { beyond } from "../../engine/transformer/finite.ts";
import { promptIds } from "../prompt/promptIds.ts";

/** Rows per run: enough to fill the machine, few enough for any memory. */
const ROWS = 64;

/**
 * σ, the unit of the noise (METHODS 2.4): every subject alone, without a leading space, through the token
 * embedding; then the unbiased standard deviation over all elements of all tokens of all subjects.
 *
 * @throws when there is no subject, one that is empty or too long, or an embedding that is not finite
 */
export async function sigma(model: Model, subjects: string[]): Promise<number> {
  const values = await subjectEmbeddings(model, subjects);
  let count = 0;
  let sum = 0;
  for (const row of values) {
    count += row.length;
    for (const x of row) sum += x;
  }
  if (count < 2) throw new Error("there is no subject to measure σ on; give at least one");
  const mean = sum / count;
  let squares = 0;
  for (const row of values) for (const x of row) squares += (x - mean) ** 2;
  const found = Math.sqrt(squares / (count - 1));
  if (Number.isFinite(found)) return found;
  throw beyond("σ of the subjects' embeddings", "the model's table of tokens is damaged");
}

/** Subjects, and what a reader knows them by. */
export interface SubjectSet {
  set: string;
  subjects: string[];
}

/** The subjects of the facts that come with Palimpsest (public/facts.json), each once. */
export function exampleSubjects(subjects: string[]): SubjectSet {
  const distinct = [...new Set(subjects)];
  return { set: `the ${distinct.length} subjects of the example facts`, subjects: distinct };
}

/**
 * {@link sigma} of a set, with the set's name.
 *
 * @throws as {@link sigma}
 */
export async function sigmaOf(model: Model, { set, subjects }: SubjectSet): Promise<RunSigma> {
  return { value: await sigma(model, subjects), set, subjects: subjects.length };
}

/** The embedding-site values [token, dModel] of every subject. */
async function subjectEmbeddings(model: Model, subjects: string[]): Promise<Float32Array[]> {
  const rows = subjects.map((subject) => promptIds(model, subject));
  const values: Float32Array[] = [];
  for (let at = 0; at < rows.length; at += ROWS) {
    const tokens = rows.slice(at, at + ROWS);
    const { watched } = await model.run({
      tokens,
      watch: [{ site: "embed", layer: 0 }],
      toLayer: 0,
    });
    const longest = Math.max(...tokens.map((row) => row.length));
    const width = model.config.dModel;
    tokens.forEach((row, r) => {
      const begin = r * longest * width;
      values.push(watched[0].subarray(begin, begin + row.length * width));
    });
  }
  return values;
}
