import type { Fact } from "../src/data/facts/facts.ts";
import type { Model } from "../src/engine/Model.ts";
import { checkEditRequest, type EditRequest } from "../src/methods/edit/editRequest.ts";
import { editRows } from "../src/methods/edit/editRows.ts";
import { memitContexts } from "../src/methods/edit/memit/memitContexts.ts";
import { memitPreset } from "../src/methods/edit/memit/memitPreset.ts";
import { targetStates } from "../src/methods/edit/memit/targetStates.ts";
import type { Measurement } from "./Measurement.ts";

const FACTS = 64;

/** MEMIT's search for z: 64 facts in one batch, and the same facts one after the other. */
export async function measureStates(model: Model, facts: Fact[]): Promise<Measurement[]> {
  const { settings: preset } = memitPreset(model.config);
  const contexts = (await memitContexts(model, { seed: 0 })).flat();
  const layer = preset.layers[preset.layers.length - 1];
  const problem = { ...preset, steps: 10, layer, contexts };
  const some = facts.slice(0, FACTS).map(({ prompt, subject, newTargets }) => {
    return checkEditRequest(model, { prompt, subject, target: newTargets[0] }, layer);
  });
  const search = async (batch: number) => {
    const [start, before] = [performance.now(), model.cost.blockTokens];
    const found = await targetStates(model, some, { ...problem, batch });
    const losses = found.map((state) => state!.steps.length);
    const cost = model.cost.blockTokens - before;
    return { seconds: (performance.now() - start) / 1000, cost, losses };
  };
  await search(FACTS); // compiles
  const together = await search(FACTS);
  const alone = await search(1);
  const whole = wholeCost(model, some, { contexts, losses: together.losses });
  const line = (name: string, { seconds, cost }: { seconds: number; cost: number }) => ({
    name,
    seconds,
    fastest: seconds,
    runs: 1,
    detail: `${some.length} facts, at most ${problem.steps} losses each, ${cost} block-token evaluations (${((100 * cost) / whole).toFixed(0)} % of whole runs)`,
  });
  return [line("z in one batch", together), line("z one by one", alone)];
}

/** Block-token evaluations where every loss runs every row through every layer. */
function wholeCost(
  model: Model,
  facts: EditRequest[],
  { contexts, losses }: { contexts: string[]; losses: number[] },
): number {
  return facts.reduce((sum, fact, i) => {
    const { tokens } = editRows(model, fact, { contexts, factToken: "subject_last" });
    const rows = tokens.reduce((length, row) => length + row.length, 0);
    return sum + losses[i] * model.config.layers * rows;
  }, 0);
}
