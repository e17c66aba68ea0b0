import { findWeightFiles } from "../../../src/engine/checkpoint/weightFiles.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "model.safetensors.index.json";

/** The index of a checkpoint's shards: no path may leave the folder. */
export const target: Target = {
  name: "index",
  file,
  seeds: () => [
    jsonFile({
      metadata: { total_size: 12 },
      weight_map: {
        "wte.weight": "model-1-of-2.safetensors",
        "ln_f.bias": "b/model-2.safetensors",
      },
    }),
  ],
  mutate: mutateJsonBytes,
  read: async (bytes) => {
    const { paths } = await findWeightFiles({
      name: "tiny",
      revision: "1",
      has: (path) => Promise.resolve(path === file),
      read: () => Promise.resolve(bytes),
      size: () => Promise.resolve(undefined),
    });
    for (const path of paths) {
      const leaves = path.split("/").some((part) => part === ".." || part === "");
      if (leaves) throw new TypeError(`${path} leaves the folder`);
    }
  },
};
