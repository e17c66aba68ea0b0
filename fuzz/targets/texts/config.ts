import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import gptNeox from "../../../test/golden/checkpoints/tiny-neox/config.json?raw";
import gpt2 from "../../../test/golden/checkpoints/tiny-gpt2/config.json?raw";
import gptj from "../../../test/golden/checkpoints/tiny-gptj/config.json?raw";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import { checkConfig } from "../../strict/config.ts";
import type { Target } from "../../Target.ts";

/** A model's config.json. */
export const target: Target = {
  name: "config",
  file: "config.json of tiny",
  seeds: () => [gpt2, gptj, gptNeox].map((text) => jsonFile(JSON.parse(text))),
  mutate: mutateJsonBytes,
  read: (bytes) =>
    readConfig({
      name: "tiny",
      revision: "1",
      has: () => Promise.resolve(true),
      read: () => Promise.resolve(bytes),
    }),
  strict: checkConfig,
};
