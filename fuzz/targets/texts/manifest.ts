import { parseManifest } from "../../../src/engine/files/manifest.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

/** What a converted model's folder says of its files. */
export const target: Target = {
  name: "manifest",
  file: "palimpsest.json",
  seeds: () => [
    jsonFile({
      format: 1,
      bits: 8,
      block: 32,
      source: { name: "gpt2", revision: "main", stamp: "ab".repeat(32) },
      files: { "model-1.safetensors": { size: 12, sha256: "cd".repeat(32) } },
    }),
  ],
  mutate: mutateJsonBytes,
  read: (bytes) => {
    for (const [path, { size }] of Object.entries(parseManifest(bytes).files)) {
      if (path.includes("..") || !(size >= 0)) throw new TypeError(`${path} was taken`);
    }
  },
};
