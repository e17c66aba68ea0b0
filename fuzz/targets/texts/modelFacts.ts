import { parseModelFacts } from "../../../src/data/facts/modelFacts.ts";
import { parseJson } from "../../../src/data/outside/readJson.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "facts.json";
const source = "a paper";

/** Facts about a model that verify checks. */
export const target: Target = {
  name: "modelFacts",
  file,
  seeds: () => [
    jsonFile({
      facts: [
        { kind: "continuation", source, prompt: [1, 2], expected: [1, 2, 3] },
        { kind: "probability", source, prompts: [[1, 2]], target: [3], expected: 0.5 },
        { kind: "stateNorm", source, site: "mlp", layer: 1, tokens: [4], expected: 2.5 },
        { kind: "tokens", source, text: " a", expected: [5], tolerance: 0.1 },
        { kind: "sha256", source, files: ["vocab.json"], expected: "ab" },
      ],
    }),
  ],
  mutate: mutateJsonBytes,
  read: (bytes) => parseModelFacts(parseJson(bytes, file), file),
};
