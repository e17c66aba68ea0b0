import { expect, test } from "vitest";
import { damage } from "../../../src/ui/facts/damage.ts";
import type { FinishedEdit } from "../../../workers/protocol/protocol.ts";

const answers = (said: number, of: number) => ({
  before: [],
  after: Array.from({ length: of }, (_, i) => ({ probability: 0.5, greedy: i < said })),
});
const made = (norm: number, perplexity: [number, number], said: number) =>
  ({
    edit: { weights: [{ norm: 0.1 }, { norm }, { norm: NaN }] },
    perplexity: { before: perplexity[0], after: perplexity[1] },
    answers: answers(said, 300),
    written: Array.from({ length: 300 }, (_, i) => i),
  }) as unknown as FinishedEdit;

test("three hundred facts that moved the model far are warned of by norm, perplexity and what is said", () => {
  const [norm, perplexity, said, ...more] = damage(made(129, [20, 900], 168));
  expect(norm).toContain("129 times as large as the matrix");
  expect(perplexity).toContain("45 times what it was");
  expect(said).toContain("Only 56.0 % of the facts");
  expect(more).toEqual([]);
  expect(damage(made(0.2, [20, Infinity], 300))[0]).toContain("beyond all measure");
});

test("a run that did no harm is not warned of", () => {
  expect(damage(made(0.2, [20, 22], 290))).toEqual([]);
});
