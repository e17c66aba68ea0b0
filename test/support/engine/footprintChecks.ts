import { expect } from "vitest";
import { branchFootprint } from "../../../src/engine/footprint/footprintBranch.ts";
import { evaluationFootprint } from "../../../src/engine/footprint/footprintEvaluation.ts";
import { covarianceFootprint } from "../../../src/engine/footprint/footprintCovariance.ts";
import { generateFootprint, runFootprint } from "../../../src/engine/footprint/footprintRun.ts";
import { Footprint } from "../../../src/engine/footprint/Footprint.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";
import type { Precision } from "../../../src/engine/checkpoint/precision.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { mlpOutDelta } from "./deltas.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";

const tokens = (width: number) => Array.from({ length: width }, (_, i) => (i * 7) % 300);

export interface Pair {
  model: Model;
  paper: Footprint;
}

/** A model and its footprint after the load, of which each check begins anew: a ledger's peak is its highest ever. */
export async function openPair(
  runtime: Runtime,
  files: ModelFiles,
  precision: Precision,
): Promise<Pair> {
  const model = await Model.load(runtime, files, { precision });
  const paper = new Footprint(model.config, runtime, precision);
  paper.load();
  return { model, paper };
}

/** The bytes and their peak, as the engine counts them and as they were said to be. */
export const both = ({ model, paper }: Pair) => ({
  engine: { bytes: model.ledger.bytes, peak: model.peakBytes },
  paper: { bytes: paper.bytes, peak: paper.peak },
});

/** What the engine does, and the same on paper. */
export const footprintChecks: Record<string, (pair: Pair) => Promise<void>> = {
  "a load": () => Promise.resolve(),
  "a run that keeps everything": async ({ model, paper }) => {
    const watch = [
      { site: "embed" as const, layer: 0 },
      { site: "key" as const, layer: 1 },
      { site: "mlp" as const, layer: 1 },
    ];
    const rows = [tokens(9), tokens(6), tokens(4)];
    const readout = rows.map((_, row) => ({ row, token: 3 }));
    await model.run({ tokens: rows, watch, keep: true, readout });
    runFootprint(paper, { rows: 3, width: 9, watch, keep: true, readout: 3 });
  },
  "a run that goes on from another and stops early": async ({ model, paper }) => {
    const { kept } = await model.run({ tokens: [tokens(8)], keep: true });
    const prefix = { kept: kept!, rows: [0, 0], token: 5 };
    await model.run({ tokens: [tokens(8), tokens(7)], prefix, keep: "keys", toLayer: 0 });
    const base = runFootprint(paper, { rows: 1, width: 8, keep: true });
    const after = { kept: base, token: 5 };
    runFootprint(paper, { rows: 2, width: 8, prefix: after, keep: "keys", toLayer: 0 });
  },
  generation: async ({ model, paper }) => {
    await model.generate([[3], [4], [5]], { maxTokens: 6 });
    generateFootprint(paper, { rows: 3, tokens: 6 });
  },
  branches: async ({ model, paper }) => {
    const { kept } = await model.run({ tokens: Array<number[]>(3).fill(tokens(9)), keep: true });
    const base = runFootprint(paper, { rows: 3, width: 9, keep: true });
    const { dModel, layers } = model.config;
    const site = (token: number) => (token % 2 ? ("mlp" as const) : ("hidden" as const));
    const branches = Array.from({ length: 7 * layers }, (_, i) => {
      const [token, layer] = [2 + Math.floor(i / layers), i % layers];
      const values = new Float32Array(dModel);
      return {
        interventions: [{ site: site(token), layer, token, mode: "replace" as const, values }],
      };
    });
    await model.branch(kept!, branches, [{ token: 8, target: 5 }]);
    branchFootprint(paper, base, { branches, readout: [8] });
  },
  "a loss and its gradient": async ({ model, paper }) => {
    const rows = Array.from({ length: 5 }, (_, i) => tokens(7 + i));
    const { kept } = await model.run({ tokens: rows, keep: true });
    const base = runFootprint(paper, { rows: 5, width: 11, keep: true });
    const starts = rows.map(() => 4);
    const continuation = await model.continuation(kept!, { layer: 0, starts });
    const reference = new Float32Array(model.config.vocab).fill(-6);
    await continuation.evaluate(new Float32Array(model.config.dModel), {
      nll: rows.map((_, row) => ({ row, token: 6, target: 9, weight: 0.2 })),
      kl: [{ row: 4, token: 5, reference, weight: 0.1 }],
    });
    evaluationFootprint(paper, { layer: 0, rows: 5, width: 7, base, nll: 5, kl: 1 });
  },
  "a continuation whose rows go through one after the other": async ({ model, paper }) => {
    const rows = Array.from({ length: 4 }, () => tokens(11));
    const { kept } = await model.run({ tokens: rows, keep: true });
    const base = runFootprint(paper, { rows: 4, width: 11, keep: true });
    const at = { layer: 0, starts: rows.map(() => 4), mostSaved: 1 };
    const continuation = await model.continuation(kept!, at);
    await continuation.evaluate(new Float32Array(model.config.dModel), {
      nll: rows.map((_, row) => ({ row, token: 6, target: 9, weight: 0.2 })),
    });
    evaluationFootprint(paper, { layer: 0, rows: 4, width: 7, base, nll: 4, kl: 0, mostSaved: 1 });
  },
  "changes of a low and of a high rank": async ({ model, paper }) => {
    const { dMlp, dModel } = model.config;
    const ranks = [2, dModel];
    const deltas = ranks.map((rank, layer) => ({
      layer,
      rank,
      u: new Float32Array(rank * dMlp),
      v: new Float32Array(rank * dModel),
    }));
    model.setDeltas(deltas.map(({ layer, ...change }) => mlpOutDelta(model, layer, change)));
    paper.setDeltas(deltas);
    await model.run({ tokens: [tokens(5)] });
    runFootprint(paper, { rows: 1, width: 5 });
    expect(both({ model, paper }).paper).toEqual(both({ model, paper }).engine);
    model.setDeltas([]);
    paper.setDeltas([]);
  },
  "a matrix that is read back": async ({ model, paper }) => {
    await model.readWeight(mlpOutName(model, 0));
    paper.readMlpOut();
  },
  covariances: async ({ model, paper }) => {
    const layers = [0, 1];
    const covariances = await model.keyCovariances(layers);
    const rows = [...Array<number[]>(60).fill(tokens(9)), tokens(4)];
    await covariances.add(rows);
    covariances.dispose();
    const onGpu = model.gpu !== undefined;
    covarianceFootprint(paper, { layers, rows: 61, width: 9, tokens: 544, onGpu });
  },
};
