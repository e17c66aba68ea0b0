import { expect } from "vitest";
import { fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";
import { writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { architectureOf } from "../../../src/engine/architecture/architectures.ts";
import { outerWeights, parseWeightName } from "../../../src/engine/architecture/weightNames.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";
import {
  bitsOf,
  isQuantized,
  type Precision,
  tableForm,
} from "../../../src/engine/checkpoint/precision.ts";
import { dequantizeRows, quantizeRows } from "../../../src/engine/checkpoint/quantize.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { transpose } from "../../../src/engine/checkpoint/transpose.ts";
import { memoryFiles } from "./memoryFiles.ts";
import { layerOf } from "../../../src/data/delta/delta.ts";
import { mlpOutDelta } from "./deltas.ts";
import { waveDelta } from "./golden/weightChecks.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";
import { openCheckpoint } from "./openCheckpoint.ts";

/** A model whose matrices are kept in a form, and one in float32 whose weights are worth exactly the same. */
export interface Twins {
  model: Model;
  twin: Model;
}

/** @param limit bytes that may be bound at once: small, so that every matrix is split */
export async function openTwins(
  runtime: Runtime,
  files: ModelFiles,
  { precision, limit }: { precision: Exclude<Precision, "f32">; limit?: number },
): Promise<Twins> {
  const options = { precision, ...(limit !== undefined && { bindingLimit: limit }) };
  const model = await Model.load(runtime, files, options);
  const twin = await Model.load(runtime, await rounded(files, precision));
  return { model, twin };
}

/** The checkpoint with every matrix rounded as the form rounds it, as float32. */
async function rounded(files: ModelFiles, precision: Precision): Promise<ModelFiles> {
  const config = await readConfig(files);
  const checkpoint = await openCheckpoint(files);
  const tables = outerWeights(config).flatMap((weight) => (weight.table ? [weight.name] : []));
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  for (const name of checkpoint.names()) {
    const data = await checkpoint.tensor(name);
    const { shape } = checkpoint.info(name);
    const table = tables.includes(name);
    const form = table ? tableForm(precision) : precision;
    const isMatrix = table || (parseWeightName(config, name) !== undefined && shape.length === 2);
    const turned = !table && architectureOf(config).stored === "inOut";
    tensors[name] = { shape, data: isMatrix ? roundedMatrix(data, shape, { form, turned }) : data };
  }
  const copy = async (path: string) => ({ [path]: await files.read(path) });
  return memoryFiles({
    ...(await copy("config.json")),
    ...(await copy("tokenizer.json")),
    ...(await copy("tokenizer_config.json")),
    "model.safetensors": writeSafetensors(tensors),
  });
}

function roundedMatrix(
  data: Float32Array,
  [first, second]: number[],
  { form, turned }: { form: Precision; turned: boolean },
): Float32Array {
  if (!isQuantized(form)) return fromFloat16(toFloat16(data));
  if (turned) {
    const rows = roundedMatrix(transpose(data, [first, second]), [second, first], {
      form,
      turned: false,
    });
    return transpose(rows, [second, first]);
  }
  const bits = bitsOf(form);
  return dequantizeRows(quantizeRows(data, [first, second], bits), [first, second], bits);
}

const tokens = [
  [5, 17, 200, 33, 8],
  [44, 2, 91],
];
const readout = tokens.flatMap((row, r) => row.map((_, token) => ({ row: r, token })));
const targeted = readout.map((at, i) => ({ ...at, target: (37 * i + 3) % 503 }));
const close = { rtol: 1e-4, atol: 1e-4 };

/** Every check compares the two models on one thing. */
export const twinChecks: Record<string, (twins: Twins) => Promise<void>> = {
  "log-probabilities at every position": ({ model, twin }) =>
    alike([model, twin], async (m) => (await m.run({ tokens, readout })).readout),
  "log-probabilities of targets": ({ model, twin }) =>
    alike([model, twin], async (m) => (await m.run({ tokens, readout: targeted })).readout),
  "every site": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const sites = ["embed", "attn", "key", "mlp", "hidden"] as const;
      const watch = sites.map((site) => ({ site, layer: 1 }));
      const { watched } = await m.run({ tokens: tokens.slice(0, 1), watch });
      return joined(watched);
    }),
  "gradients by every site and by the MLP output matrix": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const { readout: reference } = await m.run({ tokens, readout: [{ row: 0, token: 1 }] });
      const nll = [{ row: 0, token: 4, target: 3, weight: 0.7 }];
      const kl = [{ row: 0, token: 2, reference, weight: 0.4 }];
      const sites = ["attn", "key", "mlp", "hidden"] as const;
      const wrt = [...sites.map((site) => ({ site, layer: 1 })), { weight: mlpOutName(m, 1) }];
      const found = await m.gradient({ tokens }, { nll, kl }, wrt);
      return joined([Float32Array.of(found.loss), ...found.gradients]);
    }),
  "a continuation's loss and gradient": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const { kept } = await m.run({ tokens, keep: true });
      const continuation = await m.continuation(kept!, { layer: 0, starts: [2, 1] });
      const nll = [{ row: 0, token: 4, target: 9, weight: 1 }];
      const found = await continuation.evaluate(wave(m.config.dModel), { nll });
      kept!.dispose();
      return joined([found.nll, found.gradient]);
    }),
  "gradients by every weight of a block, and with every weight changed": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const nll = [{ row: 0, token: 4, target: 3, weight: 0.7 }];
      const shapes = Object.entries(m.weightShapes);
      const wrt = shapes.flatMap(([weight]) => (layerOf(weight) === 1 ? [{ weight }] : []));
      m.setDeltas(
        shapes.map(([weight, shape], seed) => {
          const rank = shape.length === 2 && seed % 2 === 0 ? 2 : null;
          return waveDelta({ weight, shape: [...shape], rank, seed, scale: 0.03 });
        }),
      );
      const { readout: logs } = await m.run({ tokens, readout });
      const found = await m.gradient({ tokens }, { nll }, wrt);
      m.setDeltas([]);
      return joined([logs, ...found.gradients]);
    }),
  "every weight as it is computed with": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const names = Object.keys(m.weightShapes);
      const read = [];
      for (const name of names) read.push(await m.readWeight(name));
      return joined(read);
    }),
  "W of the MLP's output": ({ model, twin }) =>
    alike([model, twin], (m) => m.readWeight(mlpOutName(m, 1))),
  "a delta of low rank, and one that is dense": ({ model, twin }) =>
    alike([model, twin], async (m) => {
      const { dMlp, dModel } = m.config;
      const results = [];
      for (const rank of [2, dModel]) {
        const [u, v] = [new Float32Array(rank * dMlp), new Float32Array(rank * dModel)];
        u.set(wave(2 * dMlp));
        v.set(wave(2 * dModel));
        m.setDeltas([mlpOutDelta(m, 1, { rank, u, v })]);
        results.push((await m.run({ tokens, readout })).readout);
      }
      m.setDeltas([]);
      expect(results[0]).toBeAllclose(results[1], close);
      return joined(results);
    }),
};

async function alike(models: Model[], measure: (model: Model) => Promise<Float32Array>) {
  const [found, expected] = [await measure(models[0]), await measure(models[1])];
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  expect(largest).toBeGreaterThan(0);
  expect(found).toBeAllclose(expected, { rtol: 0, atol: 1e-4 * largest });
}

const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => 0.3 * Math.sin(i + 1));

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
