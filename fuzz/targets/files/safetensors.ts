import { parseHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { mutateSafetensors } from "../../mutate/safetensorsFile.ts";
import { checkSafetensors } from "../../strict/safetensors.ts";
import type { Target } from "../../Target.ts";

const file = "a.safetensors";

export const target: Target = {
  name: "safetensors",
  file,
  seeds: () => [
    writeSafetensors(
      {
        "h.0.mlp.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
        empty: { shape: [0, 4], data: new Float32Array() },
        "h.0.mlp.bias": { shape: [3], data: Float32Array.of(1, 2, 3) },
        scalar: { shape: [], data: Float32Array.of(1) },
      },
      { format: "pt", "a note": "é\n" },
    ),
    writeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } }),
    writeSafetensors({}),
  ],
  mutate: mutateSafetensors,
  read: (bytes) => parseHeader(bytes, bytes.length, file),
  strict: checkSafetensors,
};
