import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkDeltaFits } from "../../../src/data/delta/checkDelta.ts";
import { combine, denseOf } from "../../../src/data/delta/combine.ts";
import { layersOf, type Delta, type WeightDelta } from "../../../src/data/delta/delta.ts";
import { readDelta, writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { keptDelta } from "../../../src/data/delta/keptDelta.ts";
import { parseHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";

const weight = (layer: number) => `transformer.h.${layer}.mlp.c_proj.weight`;

/** dMlp 6, dModel 4; the numbers are seeded by `seed`. */
function lowRank(layer: number, rank: number, seed = 1) {
  const change = { rank, u: series(rank * 6, seed), v: series(rank * 4, seed) };
  return { weight: weight(layer), change };
}

const series = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 7 * i));
const dense = (name: string, shape: number[], seed = 2): WeightDelta => ({
  weight: name,
  change: {
    shape,
    dense: series(
      shape.reduce((a, b) => a * b),
      seed,
    ),
  },
});

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
  weights: [
    { ...lowRank(2, 1), norm: 0.0625 },
    { ...dense("transformer.h.2.attn.c_attn.weight", [4, 12]), norm: 0.5 },
    dense("transformer.h.2.ln_1.bias", [4]),
    lowRank(11, 3),
  ],
};

/** ΔW [inputs, outputs] = uᵀv. */
function product({ change: { rank, u, v } }: ReturnType<typeof lowRank>): Float32Array {
  const [inputs, outputs] = [u.length / rank, v.length / rank];
  return Float32Array.from({ length: inputs * outputs }, (_, i) => {
    const [row, column] = [Math.floor(i / outputs), i % outputs];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += u[r * inputs + row] * v[r * outputs + column];
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
  expect(tensors.get("transformer.h.2.attn.c_attn.weight.delta")?.shape).toEqual([4, 12]);
  expect(metadata).toMatchObject({
    format: "palimpsest.delta",
    version: "2",
    orientation: "inputs, outputs",
  });
  expect(JSON.parse(metadata.weights)).toContainEqual({
    weight: weight(2),
    kind: "low-rank",
    shape: [6, 4],
    rank: 1,
    norm: 0.0625,
  });
});

test("a delta tells the layers that it changes, each once", () => {
  expect(layersOf(delta)).toEqual([2, 11]);
  expect(layersOf({ weights: [dense("transformer.ln_f.bias", [4])] })).toEqual([]);
});

describe("a stack of edits of one weight becomes one entry with the summed ΔW", () => {
  const [a, b] = [lowRank(5, 1, 1), lowRank(5, 2, 9)];
  const c = dense(weight(5), [6, 4]);
  const sum = product(a).map((x, i) => x + product(b)[i]);

  test("of factors", () => {
    const combined = combine([a, lowRank(6, 1), b]);
    expect(combined.map(({ weight, change }) => [weight, "rank" in change && change.rank])).toEqual(
      [
        [weight(5), 3],
        [weight(6), 1],
      ],
    );
    expect(denseOf(combined[0].change)).toBeAllclose(sum);
    const read = readDelta(writeDelta({ ...delta, weights: [a, b] }));
    expect(denseOf(read.weights[0].change)).toBeAllclose(sum);
  });

  test("of factors and of a dense change, and of dense ones alone", () => {
    const [mixed] = combine([a, c, b]);
    expect(mixed.change).toMatchObject({ shape: [6, 4] });
    expect(denseOf(mixed.change)).toBeAllclose(sum.map((x, i) => x + denseOf(c.change)[i]));
    const [twice] = combine([c, c]);
    expect(denseOf(twice.change)).toBeAllclose(denseOf(c.change).map((x) => 2 * x));
  });

  test("but not where the shapes differ", () => {
    expect(() => combine([a, dense(weight(5), [4, 6])])).toThrow(
      `${weight(5)} is [6, 4] in one edit and [4, 6] in another`,
    );
  });
});

describe("a delta for another model", () => {
  const weights = {
    [weight(2)]: [6, 4],
    "transformer.h.2.attn.c_attn.weight": [4, 12],
    "transformer.h.2.ln_1.bias": [4],
    [weight(11)]: [6, 4],
  };
  const model = { name: "demo", weights };
  const { [weight(11)]: _, ...fewer } = weights;
  test("fits its own", () => expect(() => checkDeltaFits(delta, model)).not.toThrow());
  test("has a layer too many", () =>
    expect(() =>
      checkDeltaFits(delta, { name: "demo", weights: { ...fewer, [weight(7)]: [6, 4] } }),
    ).toThrow("this delta was made for demo and changes layer 11, but demo has layers 0–7"));
  test("has other widths", () =>
    expect(() =>
      checkDeltaFits(delta, { name: "demo", weights: { ...weights, [weight(2)]: [8, 4] } }),
    ).toThrow(`${weight(2)} is [6, 4] there and [8, 4] in demo`));
  test("has a weight too many", () =>
    expect(() =>
      checkDeltaFits(delta, { name: "demo", weights: { ...fewer, [weight(12)]: [6, 4] } }),
    ).toThrow(`changes ${weight(11)}, which demo does not have`));
  test("has factors where a vector is", () =>
    expect(() =>
      checkDeltaFits(
        { ...delta, weights: [{ weight: "b", change: lowRank(2, 1).change }] },
        { name: "demo", weights: { b: [6] } },
      ),
    ).toThrow("b is [6, 4] there and [6] in demo"));
});

describe("a file of the first version", () => {
  const folder = new URL("../fixtures/", import.meta.url);
  test("is still read", () => {
    const bytes = readFileSync(new URL("delta_version1.safetensors", folder));
    const read = readDelta(new Uint8Array(bytes));
    expect(read).toEqual({
      provenance: delta.provenance,
      weights: [{ ...lowRank(2, 1), norm: 0.0625 }, lowRank(11, 3)],
    });
  });

  test("and a stack that was kept in its form", () => {
    const layers = [{ layer: 2, weight: weight(2), ...lowRank(2, 1).change, norm: 0.0625 }];
    expect(keptDelta({ provenance: delta.provenance, layers })).toEqual({
      provenance: delta.provenance,
      weights: [delta.weights[0]],
    });
  });
});

describe("a kept delta", () => {
  test("is what was kept", () => expect(keptDelta(structuredClone(delta))).toEqual(delta));

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "it names no weights"],
    ["no weight", { ...delta, weights: [{}] }, "an entry names no weight"],
    ["no numbers", { ...delta, weights: [{ weight: "a", change: { rank: 1 } }] }, "no numbers"],
    [
      "too few",
      { ...delta, weights: [{ weight: "a", change: { shape: [3], dense: series(2, 1) } }] },
      "a has shape [3] with 2 numbers",
    ],
    ["no method", { ...delta, provenance: { ...delta.provenance, method: 5 } }, '"method" is 5'],
    [
      "half a rank",
      {
        ...delta,
        weights: [{ weight: "a", change: { rank: 0.5, u: series(2, 1), v: series(2, 1) } }],
      },
      "a has rank 0.5",
    ],
    ["one weight twice", { ...delta, weights: [delta.weights[0], delta.weights[0]] }, "twice"],
  ])("that is damaged is refused: %s", (_, value, sentence) => {
    expect(() => keptDelta(value)).toThrow(sentence);
  });
});

describe("refused with a sentence that says what is wrong", () => {
  const u = { shape: [1, 6], data: new Float32Array(6) };
  const v = { shape: [1, 4], data: new Float32Array(4) };
  const metadata = {
    format: "palimpsest.delta",
    version: "2",
    provenance: JSON.stringify(delta.provenance),
    weights: JSON.stringify([{ weight: weight(2), kind: "low-rank" }]),
  };
  const tensors = { [`${weight(2)}.u`]: u, [`${weight(2)}.v`]: v };
  const refuses = (bytes: Uint8Array, sentence: string) =>
    expect(() => readDelta(bytes, "edit.safetensors")).toThrow(`edit.safetensors${sentence}`);
  const refusesPart = (bytes: Uint8Array, sentence: string) =>
    expect(() => readDelta(bytes, "edit.safetensors")).toThrow(sentence);

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
    const newer = { ...metadata, version: "3" };
    refuses(writeSafetensors(tensors, newer), ": got version 3, expected 1 or 2");
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
    refuses(writeSafetensors(bad, metadata), ` is damaged: ${weight(2)}.u holds no number at 4`);
    const { change } = lowRank(2, 1);
    const weights = [
      { weight: weight(2), change: { ...change, v: Float32Array.of(1, Infinity, 0, 0) } },
    ];
    expect(() => writeDelta({ ...delta, weights })).toThrow("v holds infinity at 1");
  });

  test("a weight that is named twice, not at all, or of no kind", () => {
    const entry = { weight: weight(2), kind: "low-rank" };
    const named = (weights: unknown) =>
      writeSafetensors(tensors, { ...metadata, weights: JSON.stringify(weights) });
    refuses(named([entry, entry]), ` is damaged: it names ${weight(2)} twice`);
    refusesPart(named([null]), 'weights in edit.safetensors: "0" is null, expected an object');
    refusesPart(named([{ weight: weight(2) }]), 'weights in edit.safetensors lacks "0.kind"');
    refusesPart(named([{ ...entry, kind: 3 }]), '"0.kind" is 3, expected low-rank or dense');
    refusesPart(named([{ ...entry, shape: 3 }]), '"0.shape" is 3, expected a list');
    const more = { ...tensors, stray: u };
    refuses(writeSafetensors(more, metadata), " is damaged: it holds tensor stray, which no");
    const shaped = named([{ ...entry, shape: [4, 6] }]);
    refuses(shaped, ` is damaged: ${weight(2)} is [6, 4], but its metadata says [4, 6]`);
  });

  test("a dense change of no shape", () => {
    const weights = JSON.stringify([{ weight: "a", kind: "dense" }]);
    const none = { "a.delta": { shape: [0, 4], data: new Float32Array() } };
    refuses(writeSafetensors(none, { ...metadata, weights }), " is damaged: a has shape [0, 4]");
    refuses(writeSafetensors(tensors, { ...metadata, weights }), " is damaged: tensor a.delta is");
  });

  test.each<[object | string, string]>([
    ["{}", ' lacks "model"'],
    ["null", " is null, expected an object"],
    ["[]", " is a list of 0, expected an object"],
    ["?", " is not JSON: Unexpected token '?'"],
    ["[".repeat(1e5), " is nested too deep"],
    [{ method: 5 }, ': "method" is 5, expected a text'],
    [{ seed: "3" }, ': "seed" is "3", expected a number'],
    [{ hyperparameters: [] }, ': "hyperparameters" is a list of 0, expected an object'],
    [{ created: 1 }, ': "created" is 1, expected a text'],
    [{ stamp: "abc" }, ': "stamp" is "abc", expected 64 hexadecimal digits'],
    [{ version: 2 }, ': "version" is 2, expected 1; update Palimpsest'],
    [{ request: true }, ': "request" is true, expected an object'],
    [{ request: { prompt: "{} is", subject: "a" } }, ' lacks "request.target"'],
    [{ requests: [{ prompt: "{} is", subject: "a" }] }, ' lacks "requests.0.target"'],
  ])("a provenance with %j", (change, sentence) => {
    const provenance =
      typeof change === "string" ? change : JSON.stringify({ ...delta.provenance, ...change });
    refusesPart(
      writeSafetensors(tensors, { ...metadata, provenance }),
      `provenance in edit.safetensors${sentence}`,
    );
  });

  test("metadata without a provenance, or that names no layers", () => {
    const { provenance: _, ...without } = metadata;
    refuses(writeSafetensors(tensors, without), ' is damaged: its metadata lacks "provenance"');
    refuses(
      writeSafetensors(tensors, { ...metadata, weights: "[]" }),
      " is damaged: it names no weights",
    );
  });
});
