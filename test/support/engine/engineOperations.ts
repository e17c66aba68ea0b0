import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";
import type { WeightDelta } from "../../../src/data/delta/delta.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { namedWeights } from "../../../src/engine/architecture/namedWeights.ts";
import { mlpOutDelta } from "./deltas.ts";
import type { Operation } from "./interruptions.ts";

const tokens = (width: number, seed = 0) =>
  Array.from({ length: width }, (_, i) => (i * 7 + seed) % 300);

/**
 * Changes of every kind: rank 1 in layer 0, where factors are fed; of full rank in layer 1, of a vector in a block, of the
 * token embedding and of the final norm, which are replaced by W + ΔW.
 */
export function someDeltas(model: Pick<Model, "config">): WeightDelta[] {
  const { dMlp, dModel } = model.config;
  const products = [1, dModel].map((rank, layer) =>
    mlpOutDelta(model, layer, {
      rank,
      u: new Float32Array(rank * dMlp).fill(1e-3),
      v: new Float32Array(rank * dModel).fill(1e-3),
    }),
  );
  const weights = [...namedWeights(model.config).values()];
  const replaced = [
    weights.find(({ kind, layer }) => kind === "plain" && layer === 1)!,
    weights.find(({ kind }) => kind === "table")!,
    weights.find(({ key }) => key === "finalNorm.weight")!,
  ];
  const dense = replaced.map(({ name, shape }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return { weight: name, change: { shape, dense: new Float32Array(size).fill(1e-3) } };
  });
  return [...products, ...dense];
}

/** What a model can be asked for, each once; what is made is disposed of. */
export const engineOperations: Record<string, Operation> = {
  "a run that keeps everything": async (model, signal) => {
    const { kept } = await model.run({
      tokens: [tokens(5), tokens(4, 1)],
      interventions: [
        { site: "embed", layer: 0, tokens: [1], mode: "add", values: ones(model.config.dModel) },
        { site: "key", layer: 1, tokens: [2], mode: "add", values: ones(model.config.dMlp) },
      ],
      watch: [
        { site: "embed", layer: 0 },
        { site: "mlp", layer: 1 },
      ],
      keep: true,
      readout: [{ row: 0, token: 4, target: 7 }],
      signal,
    });
    kept!.dispose();
  },
  "a run that goes on from another": (model, signal) =>
    model.frame(async () => {
      const { kept } = await model.run({ tokens: [tokens(5)], keep: true, signal });
      const prefix = { kept: kept!, rows: [0, 0], token: 3 };
      const rows = [tokens(6), tokens(5)];
      const after = await model.run({ tokens: rows, prefix, keep: "keys", signal });
      kept!.dispose();
      after.kept!.dispose();
    }),
  "a branched run": (model, signal) =>
    model.frame(async () => {
      const rows = [tokens(5), tokens(5, 2)];
      const { kept } = await model.run({ tokens: rows, keep: true, signal });
      const branches = (["hidden", "mlp", "attn"] as const).flatMap((site) =>
        [0, 1].map((layer) => ({ site, layer, token: 1 + layer })),
      );
      const values = ones(model.config.dModel);
      await model.branch(
        kept!,
        branches.map((at) => ({ interventions: [{ ...at, mode: "replace", values }] })),
        [
          { token: 4, target: 9 },
          { token: 3, target: 2 },
        ],
        { signal },
      );
      kept!.dispose();
    }),
  "a continuation": (model, signal) =>
    model.frame(async () => {
      const rows = [tokens(5), tokens(4, 2)];
      const { kept } = await model.run({ tokens: rows, keep: true, signal });
      const at = { layer: 0, starts: [2, 1], mostSaved: 1, signal };
      const continuation = await model.continuation(kept!, at);
      const added = ones(model.config.dModel);
      const reference = new Float32Array(model.config.vocab).fill(-Math.log(model.config.vocab));
      await continuation.evaluate(added, {
        nll: [{ row: 0, token: 4, target: 3, weight: 1 }],
        kl: [{ row: 1, token: 2, reference, weight: 1 }],
      });
      await continuation.logProbabilities(added, [{ row: 1, token: 3 }]);
      kept!.dispose();
    }),
  "a gradient": (model, signal) =>
    model.gradient(
      { tokens: [tokens(5), tokens(3)], signal },
      { nll: [{ row: 0, token: 4, target: 3, weight: 1 }] },
      [
        { site: "embed", layer: 0 },
        { site: "attn", layer: 1 },
        { weight: mlpOutName(model, 0) },
        { weight: mlpOutName(model, 1) },
      ],
    ),
  "a generation": (model, signal) => model.generate([[1, 2], [3]], { maxTokens: 5, signal }),
  covariances: async (model) => {
    const covariances = await model.keyCovariances([0, 1]);
    try {
      await covariances.add([tokens(5), tokens(3)]);
      await covariances.drain(() => undefined);
    } finally {
      covariances.dispose();
    }
  },
  "a matrix that is read": (model) => model.readWeight(mlpOutName(model, 1)),
};

const ones = (length: number) => new Float32Array(length).fill(0.1);
