import { expect, test } from "vitest";
import { statisticsLayer } from "../../../src/methods/statistics/statisticsLayer.ts";

const authors = "wikipedia_stats/transformer.h.17.mlp.c_proj_float32_mom2_100000.npz";
const asked = { layers: 48, module: (layer: number) => `transformer.h.${layer}.mlp.c_proj` };

test("a file's own layer is taken, from within or from the authors' name; a layer that is asked for must be it", () => {
  expect(statisticsLayer({ what: authors }, asked)).toBe(17);
  expect(statisticsLayer({ what: authors }, { ...asked, layer: 17 })).toBe(17);
  expect(statisticsLayer({ what: "C.npz", layer: 3 }, asked)).toBe(3);
  expect(statisticsLayer({ what: "C.npz" }, { ...asked, layer: 5 })).toBe(5);
  const of3 = { what: "transformer.h.3.mlp.c_proj_int16_mom2_8000.npz" };
  expect(() => statisticsLayer(of3, { ...asked, layer: 0 })).toThrow(
    "transformer.h.3.mlp.c_proj_int16_mom2_8000.npz is of layer 3, not of layer 0; take that of layer 0, or ask for layer 3",
  );
  expect(() => statisticsLayer({ what: "C.npz", layer: 3 }, { layer: 4 })).toThrow(/layer 3, not/);
});

test("no layer, one that the model has not, and the keys of another kind of model are refused", () => {
  expect(() => statisticsLayer({ what: "C.npz" }, asked)).toThrow(
    "C.npz does not say of which layer it is; give the layer",
  );
  for (const layer of [-1, 48, NaN, 1.5])
    expect(() => statisticsLayer({ what: "C.npz" }, { ...asked, layer })).toThrow(
      `invalid layer: ${layer} (this model has 0–47)`,
    );
  const neox = {
    ...asked,
    module: (layer: number) => `gpt_neox.layers.${layer}.mlp.dense_4h_to_h`,
  };
  expect(() => statisticsLayer({ what: authors }, neox)).toThrow(
    /is of the inputs of transformer\.h\.17\.mlp\.c_proj, but this model’s keys are those of gpt_neox/,
  );
});
