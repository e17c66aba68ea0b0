import { mergedRows, numberIn, readRows, rowLine } from "../../../src/data/rows/rows.ts";
import { mutateBytes } from "../../mutate/bytes.ts";
import { mutateJson } from "../../mutate/json.ts";
import type { Random } from "../../Random.ts";
import { textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "rows.ndjson";

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const at = random.int(lines.length);
  lines[at] = mutateJson(lines[at], random);
  const changed = textFile(lines.join("\n"));
  return random.once(4) ? mutateBytes(changed, random) : changed;
}

/** The rows of a study, one a line. */
export const target: Target = {
  name: "rows",
  file,
  seeds: () => [
    textFile(
      [
        { key: "rome/1/0", after: { measures: { ES: 1, PS: null } }, relativeNorm: 0.5 },
        { key: "before", perplexity: 12.5, cost: { seconds: 3, blockTokens: 400 } },
        { key: "layer=2 steps=20/17" },
      ]
        .map(rowLine)
        .join(""),
    ),
  ],
  mutate,
  read: async (bytes) => {
    const { rows } = await readRows([new TextDecoder().decode(bytes)], file);
    return mergedRows(rows).map((row) => numberIn(row, "perplexity"));
  },
};
