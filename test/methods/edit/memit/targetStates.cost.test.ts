import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { nodeRuntime } from "../../../../src/cli/open/nodeRuntime.ts";
import { parseFacts } from "../../../../src/data/facts/facts.ts";
import { Model } from "../../../../src/engine/Model.ts";
import { checkEditRequest, type EditRequest } from "../../../../src/methods/edit/editRequest.ts";
import { editRows } from "../../../../src/methods/edit/editRows.ts";
import {
  type FactState,
  type StateProblem,
  targetStates,
} from "../../../../src/methods/edit/memit/targetStates.ts";
import { demoFiles } from "../../../support/methods/demo.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const FACTS = 64;
const contexts = ["{}", ...["The", "Therefore", "Because", "I", "You"].map(prefixed)];
const problem: StateProblem = {
  layer: 2,
  factToken: "subject_last",
  contexts,
  steps: 8,
  learningRate: 0.5,
  clamp: 4,
  weightDecay: 0.5,
  klFactor: 0.0625,
};

function prefixed(word: string): string {
  return `${word} people of the town say that it is so. {}`;
}

/** Block-token evaluations of a search that computes every row in every layer at every step, as the authors' does. */
function wholeRuns(model: Model, facts: EditRequest[], found: (FactState | undefined)[]): number {
  return facts.reduce((sum, fact, i) => {
    const { tokens } = editRows(model, fact, { contexts, factToken: problem.factToken });
    const rows = tokens.reduce((length, row) => length + row.length, 0);
    return sum + found[i]!.steps.length * model.config.layers * rows;
  }, 0);
}

describe(`z of ${FACTS} facts of the built-in model`, () => {
  let model: Model;
  let facts: EditRequest[];
  beforeAll(async () => {
    model = await Model.load(nodeRuntime(), demoFiles);
    const file = new URL("../../../../public/facts.json", import.meta.url);
    facts = parseFacts(JSON.parse(await readFile(file, "utf8")))
      .slice(0, FACTS)
      .map(({ prompt, subject, newTargets }) =>
        checkEditRequest(model, { prompt, subject, target: newTargets[0] }, 0),
      );
  });

  test("in one batch takes at most a third of the evaluations of 64 whole searches", async () => {
    const before = model.cost.blockTokens;
    const found = await targetStates(model, facts, { ...problem, batch: FACTS });
    const cost = model.cost.blockTokens - before;
    expect(cost / wholeRuns(model, facts, found)).toBeLessThan(1 / 3);
  });

  test("in one batch takes fewer evaluations than one after the other", async () => {
    const some = facts.slice(0, 8);
    const count = async (batch: number) => {
      const before = model.cost.blockTokens;
      await targetStates(model, some, { ...problem, steps: 2, batch });
      return model.cost.blockTokens - before;
    };
    expect(await count(8)).toBeLessThan(await count(1));
  });
});
