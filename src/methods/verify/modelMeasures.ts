import type { ModelFact } from "../../data/facts/modelFacts.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import { mlpOut } from "../../engine/architecture/blockWeights.ts";
import { parseWeightName, weightName } from "../../engine/architecture/weightNames.ts";
import { Checkpoint } from "../../engine/checkpoint/Checkpoint.ts";
import type { Model } from "../../engine/Model.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import type { EditRows } from "../edit/editRows.ts";
import { norm } from "../edit/norm.ts";
import { optimiseValue } from "../edit/search/targetValue.ts";

type Of<Kind extends ModelFact["kind"]> = Extract<ModelFact, { kind: Kind }>;

/** Greedy text after the prompt, as many tokens in all as the fact has. */
export async function continued(model: Model, fact: Of<"continuation">): Promise<number[]> {
  const { prompt, expected } = fact;
  const [row] = await model.generate([prompt], { maxTokens: expected.length });
  return row;
}

/** Per prompt, −(1/n) Σ_j log p(token j of the target): teacher-forced (METHODS 7.2). */
export async function promptNll(
  model: Model,
  { prompts, target }: Pick<Of<"nll">, "prompts" | "target">,
): Promise<number[]> {
  const { readout } = await model.run({
    tokens: prompts.map((prompt) => [...prompt, ...target.slice(0, -1)]),
    readout: prompts.flatMap((prompt, row) =>
      target.map((id, j) => ({ row, token: prompt.length - 1 + j, target: id })),
    ),
  });
  return prompts.map((_, row) => {
    const logs = readout.subarray(row * target.length, (row + 1) * target.length);
    return -logs.reduce((sum, x) => sum + x, 0) / target.length;
  });
}

/** ‖site‖ at the last token: of "mlp" what is added to the stream, of "hidden" the block's output. */
export async function stateNorm(model: Model, fact: Of<"stateNorm">): Promise<number> {
  const { site, layer, tokens } = fact;
  const { watched } = await model.run({
    tokens: [tokens],
    watch: [{ site, layer }],
    toLayer: layer,
  });
  const width = watched[0].length / tokens.length;
  return norm(watched[0].subarray((tokens.length - 1) * width));
}

/**
 * The Frobenius norm of a tensor. A layer's MLP output matrix is read back from where the model computes with it, any
 * other from the model's files.
 */
export async function tensorNorm(
  model: Model,
  files: ModelFiles,
  { tensor }: Of<"tensorNorm">,
): Promise<number> {
  const { config } = model;
  const at = parseWeightName(config, tensor);
  const data =
    at?.key === mlpOut(config)
      ? await model.readWeight(weightName(config, at.layer, at.key))
      : await (await Checkpoint.open(files, architectureOf(config))).tensor(tensor);
  return norm(data);
}

/** The first losses of the search for v* (METHODS 4.5), as many as the fact has. */
export async function searchLosses(model: Model, fact: Of<"search">): Promise<number[]> {
  const { layer, settings, expected } = fact;
  const rows = searchRows(fact);
  const { watched, kept, readout } = await model.run({
    tokens: rows.tokens,
    watch: [{ site: "mlp", layer }],
    keep: true,
    readout: [{ row: rows.essence, token: rows.lookups[rows.essence] }],
  });
  try {
    const { dModel } = model.config;
    const initial = Float64Array.from(
      watched[0].subarray(rows.lookups[0] * dModel, (rows.lookups[0] + 1) * dModel),
    );
    const continuation = await model.continuation(kept!, { layer, starts: rows.lookups });
    const problem = { ...settings, steps: expected.length, rows, initial, reference: readout };
    const { steps } = await optimiseValue(continuation, problem);
    return steps.map(({ loss }) => loss);
  } finally {
    kept!.dispose();
  }
}

/** The batch of METHODS 4.5 from its ids; the first prompt is the bare one. */
function searchRows({ prompts, lookups, target, essence }: Of<"search">): EditRows {
  return {
    tokens: [...prompts.map((prompt) => [...prompt, ...target.slice(0, -1)]), essence.tokens],
    lookups: [...lookups, essence.lookup],
    contexts: prompts.length,
    essence: prompts.length,
    bare: 0,
    targets: prompts.flatMap((prompt, row) =>
      target.map((id, j) => ({ row, token: prompt.length - 1 + j, target: id })),
    ),
    targetLength: target.length,
  };
}
