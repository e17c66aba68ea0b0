import { parseFactTable } from "../../../src/data/facts/factTable.ts";
import { mutateBytes } from "../../mutate/bytes.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import type { Random } from "../../Random.ts";
import { cases, jsonFile, textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "table.csv";
const pieces = [
  '"',
  '""',
  ",",
  "\n",
  "\r\n",
  "\r",
  "prompt",
  "=1+1",
  "\u0000",
  "\ufeff",
  "[",
  "{}",
];

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes[0] === 0x5b) return mutateJsonBytes(bytes, random);
  const text = new TextDecoder().decode(bytes);
  const at = random.int(text.length + 1);
  const changed = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.int(8));
  return random.once(3) ? mutateBytes(textFile(changed), random) : textFile(changed);
}

/** A table of facts, CSV or JSON. */
export const target: Target = {
  name: "factTable",
  file,
  seeds: () => [
    textFile('prompt,subject,target\n{} is in,"Šťastný, Tower",Rome\n"{} is ""here""",B,C\n'),
    textFile("\ufeffTarget;x,Subject,Prompt,target\r\n1,B,{} is,Lima\r\n"),
    jsonFile([{ prompt: "{} is in", subject: "A", target: "B" }]),
    jsonFile(cases),
  ],
  mutate,
  read: (bytes) => parseFactTable(new TextDecoder().decode(bytes), file),
};
