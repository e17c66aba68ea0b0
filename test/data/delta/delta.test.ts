import { describe, expect, test } from "vitest";
import {
  checkDeltaFits,
  combineLayers,
  readDelta,
  writeDelta,
  type Delta,
  type DeltaLayer,
} from "../../../src/data/delta/delta.ts";
import { parseHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";

const weight = (layer: number) => `transformer.h.${layer}.mlp.c_proj.weight`;

/** dMlp 6, dModel 4; the numbers are seeded by `seed`. */
function layerOf(layer: number, rank: number, seed = 1): DeltaLayer {
  const series = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 7 * i));
  return { layer, weight: weight(layer), u: series(rank * 6), v: series(rank * 4), rank };
}

const delta: Delta = {
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: "demo",
    revision: "2026-11",
    method: "rome",
    app: "palimpsest 0.1.0",
    seed: 3,
    hyperparameters: { clamp: 4, layer: 2 },
    request: { prompt: "{} is in", subject: "Štastný Tower", target: "Rome" },
    note: "kept too",
  },
  layers: [{ ...layerOf(2, 1), norm: 0.0625 }, layerOf(11, 3)],
};

/** ΔW [dMlp, dModel] = uᵀv. */
function dense({ u, v, rank }: DeltaLayer): Float32Array {
  const [dMlp, dModel] = [u.length / rank, v.length / rank];
  return Float32Array.from({ length: dMlp * dModel }, (_, i) => {
    const [row, column] = [Math.floor(i / dModel), i % dModel];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += u[r * dMlp + row] * v[r * dModel + column];
    return sum;
  });
}

test("what is written is read, provenance included", () => {
  expect(readDelta(writeDelta(delta))).toEqual(delta);
});

test("the file names its tensors after the weight and its format in the metadata", () => {
  const { tensors, metadata } = parseHeader(writeDelta(delta));
  expect(tensors.get("transformer.h.11.mlp.c_proj.weight.u")?.shape).toEqual([3, 6]);
  expect(tensors.get("transformer.h.11.mlp.c_proj.weight.v")?.shape).toEqual([3, 4]);
  expect(metadata).toMatchObject({ format: "palimpsest.delta", version: "1" });
});

test("a stack of edits of one layer becomes one entry with the summed ΔW", () => {
  const [a, b] = [layerOf(5, 1, 1), layerOf(5, 2, 9)];
  const combined = combineLayers([a, layerOf(6, 1), b]);
  expect(combined.map(({ layer, rank }) => [layer, rank])).toEqual([
    [5, 3],
    [6, 1],
  ]);
  const sum = dense(a).map((x, i) => x + dense(b)[i]);
  expect(dense(combined[0])).toBeAllclose(sum);
  expect(dense(readDelta(writeDelta({ ...delta, layers: [a, b] })).layers[0])).toBeAllclose(sum);
});

describe("a delta for another model", () => {
  const model = { name: "demo", layers: 12, dModel: 4, dMlp: 6 };
  test("fits its own", () => expect(() => checkDeltaFits(delta, model)).not.toThrow());
  test("has a layer too many", () =>
    expect(() => checkDeltaFits(delta, { ...model, layers: 8 })).toThrow(
      "this delta was made for demo and changes layer 11, but demo has layers 0–7",
    ));
  test("has other widths", () =>
    expect(() => checkDeltaFits(delta, { ...model, dMlp: 8 })).toThrow(
      `${weight(2)} is [6, 4] there and [8, 4] in demo`,
    ));
});

describe("refused with a sentence that says what is wrong", () => {
  const u = { shape: [1, 6], data: new Float32Array(6) };
  const v = { shape: [1, 4], data: new Float32Array(4) };
  const metadata = {
    format: "palimpsest.delta",
    version: "1",
    provenance: "{}",
    layers: JSON.stringify([{ weight: weight(2) }]),
  };
  const tensors = { [`${weight(2)}.u`]: u, [`${weight(2)}.v`]: v };
  const refuses = (bytes: Uint8Array, sentence: string) =>
    expect(() => readDelta(bytes, "edit.safetensors")).toThrow(`edit.safetensors${sentence}`);

  test("not safetensors", () => {
    refuses(
      new TextEncoder().encode("PK\x03\x04 a zip, not a delta"),
      " is not a safetensors file",
    );
  });

  test("safetensors, but not a delta", () => {
    refuses(writeSafetensors(tensors), " is a safetensors file but not a Palimpsest delta");
    refuses(
      writeSafetensors(tensors, { format: "pt" }),
      " is a safetensors file but not a Palimpsest",
    );
  });

  test("another version", () => {
    const newer = { ...metadata, version: "2" };
    refuses(writeSafetensors(tensors, newer), ": got version 2, expected 1");
  });

  test("truncated", () => {
    refuses(writeDelta(delta).subarray(0, -5), " is truncated: tensor transformer.h.11");
  });

  test("a factor that is missing, misshapen or of another rank", () => {
    const half = { [`${weight(2)}.u`]: u };
    refuses(writeSafetensors(half, metadata), ` is damaged: tensor ${weight(2)}.v is missing`);
    const flat = { ...tensors, [`${weight(2)}.u`]: { ...u, shape: [6] } };
    refuses(writeSafetensors(flat, metadata), ` is damaged: tensor ${weight(2)}.u has shape [6]`);
    const ranks = { ...tensors, [`${weight(2)}.u`]: { ...u, shape: [2, 3] } };
    refuses(writeSafetensors(ranks, metadata), ` is damaged: ${weight(2)} has u of rank 2`);
    const none = {
      [`${weight(2)}.u`]: { shape: [0, 6], data: new Float32Array() },
      [`${weight(2)}.v`]: { shape: [0, 4], data: new Float32Array() },
    };
    refuses(writeSafetensors(none, metadata), ` is damaged: ${weight(2)} has rank 0`);
  });

  test("a number that is not finite", () => {
    const data = new Float32Array(6);
    data[4] = NaN;
    const bad = { ...tensors, [`${weight(2)}.u`]: { ...u, data } };
    refuses(writeSafetensors(bad, metadata), ` is damaged: ${weight(2)}.u holds NaN at 4`);
    const layers = [{ ...layerOf(2, 1), v: Float32Array.of(1, Infinity, 0, 0) }];
    expect(() => writeDelta({ ...delta, layers })).toThrow("v holds Infinity at 1");
  });

  test("a weight that is no MLP output matrix", () => {
    const layers = JSON.stringify([{ weight: "transformer.wte.weight" }]);
    const other = { "transformer.wte.weight.u": u, "transformer.wte.weight.v": v };
    refuses(
      writeSafetensors(other, { ...metadata, layers }),
      " changes transformer.wte.weight; only",
    );
  });

  test("metadata that is not JSON, or names no layers", () => {
    refuses(
      writeSafetensors(tensors, { ...metadata, provenance: "?" }),
      ' is damaged: "provenance"',
    );
    refuses(
      writeSafetensors(tensors, { ...metadata, layers: "[]" }),
      " is damaged: it names no layers",
    );
  });
});
