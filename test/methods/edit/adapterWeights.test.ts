import { expect, test } from "vitest";
import type { Delta } from "../../../src/data/delta/delta.ts";
import { adapterFiles } from "../../../src/data/delta/peft.ts";
import { readAdapter } from "../../../src/data/delta/readAdapter.ts";
import { parseHeader } from "../../../src/data/weights/safetensors.ts";
import { adapterWeights } from "../../../src/methods/edit/adapterWeights.ts";
import { waveDelta } from "../../support/engine/golden/weightChecks.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

const provenance: Delta["provenance"] = {
  format: "palimpsest.delta",
  version: 1,
  model: "tiny",
  revision: "local",
  method: "waves",
  app: "palimpsest",
  seed: 0,
  hyperparameters: {},
};
const how = { baseModel: "tiny", recipe: {}, check: { prompt: "", target: "" } };

/** Changes of weights whose names hold one of these. */
async function changed(
  name: "tiny-gpt2" | "tiny-gptj",
  parts: [part: string, rank: number | null][],
) {
  const model = await tinyModel(name);
  const weights = parts.map(([part, rank], seed) => {
    const [weight, shape] = Object.entries(model.weightShapes).find(([key]) => key.includes(part))!;
    return waveDelta({ weight, shape: [...shape], rank, seed, scale: 0.03 });
  });
  return { model, delta: { provenance, weights } };
}

test("factors of any linear map stay factors; a norm and a biased map are saved whole", async () => {
  const { model, delta } = await changed("tiny-gptj", [
    ["h.1.attn.q_proj.weight", 2],
    ["h.1.ln_1.weight", null],
    ["h.2.mlp.fc_in.bias", null],
  ]);
  const full = await adapterWeights(model, delta);
  expect(Object.keys(full)).toEqual([
    "transformer.h.1.ln_1.weight",
    "transformer.h.1.ln_1.bias",
    "transformer.h.2.mlp.fc_in.weight",
    "transformer.h.2.mlp.fc_in.bias",
  ]);
  expect(full["transformer.h.2.mlp.fc_in.weight"].shape).toEqual([96, 24]); // as nn.Linear keeps it
  const files = adapterFiles(delta, { ...how, fanInFanOut: false, full });
  const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as object;
  expect(config).toMatchObject({
    target_modules: ["transformer.h.1.attn.q_proj"],
    modules_to_save: ["transformer.h.1.ln_1", "transformer.h.2.mlp.fc_in"],
  });
  const { tensors } = parseHeader(files["adapter_model.safetensors"]);
  expect(tensors.get("base_model.model.transformer.h.1.ln_1.bias")?.shape).toEqual([24]);
  expect(() => readAdapter(files)).toThrow("is saved whole (modules_to_save)");
});

test("what an adapter cannot say is refused with the reason", async () => {
  const tied = await changed("tiny-gpt2", [["wte.weight", 1]]);
  await expect(adapterWeights(tied.model, tied.delta)).rejects.toThrow(
    "transformer.wte.weight is the embedding and the head",
  );
  const dense = await changed("tiny-gpt2", [["h.1.mlp.c_proj.weight", null]]);
  expect(() => adapterFiles(dense.delta, { ...how, fanInFanOut: true })).toThrow(
    "is dense, which LoRA factors cannot hold",
  );
  const full = await adapterWeights(dense.model, dense.delta);
  expect(() => adapterFiles(dense.delta, { ...how, fanInFanOut: true, full })).toThrow(
    "a LoRA adapter needs a change of low rank",
  );
});
