import { toFloat16 } from "../../../src/data/weights/float16.ts";
import { safetensorsHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { architectureNamed } from "../../../src/engine/architecture/architectures.ts";
import { Checkpoint } from "../../../src/engine/checkpoint/Checkpoint.ts";
import { quantizeRows } from "../../../src/engine/checkpoint/quantize.ts";
import { memoryFiles } from "../../../test/support/engine/memoryFiles.ts";
import { mutateSafetensors } from "../../mutate/safetensorsFile.ts";
import { checkSafetensors } from "../../strict/safetensors.ts";
import type { Target } from "../../Target.ts";

const file = "model.safetensors";
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const plain = writeSafetensors({
  "transformer.wte.weight": { shape: [2, 3], data: new Float32Array(6) },
  "h.0.ln_1.bias": { shape: [3], data: new Float32Array(3) },
});

/** A matrix [40, 5] of a Conv1D in blocks of 4 bits, and a table [6, 40] of 8. */
const quantized = (() => {
  const { header } = safetensorsHeader(
    [
      { name: "h.0.mlp.c_fc.weight.q4", dtype: "U8", shape: [5, 2, 16] },
      { name: "h.0.mlp.c_fc.weight.scale", dtype: "F16", shape: [5, 2] },
      { name: "wte.weight.q8", dtype: "U8", shape: [6, 2, 32] },
      { name: "wte.weight.scale", dtype: "F32", shape: [6, 2] },
    ],
    { "h.0.mlp.c_fc.weight": "[40,5]", "wte.weight": "[6,40]" },
  );
  const four = quantizeRows(new Float32Array(200).fill(1), [5, 40], 4);
  const eight = quantizeRows(new Float32Array(240).fill(1), [6, 40], 8);
  const scales = new Uint8Array(toFloat16(four.scale).buffer);
  return joined(header, four.q, scales, eight.q, new Uint8Array(eight.scale.buffer));
})();

/** A model's weights, plain or quantized, with every tensor read. */
export const target: Target = {
  name: "checkpoint",
  file,
  seeds: () => [plain, quantized],
  mutate: mutateSafetensors,
  async read(bytes) {
    const architecture = architectureNamed("gpt2");
    const checkpoint = await Checkpoint.open(memoryFiles({ [file]: bytes }), architecture);
    for (const name of checkpoint.names()) await checkpoint.tensor(name);
  },
  strict: checkSafetensors,
};
