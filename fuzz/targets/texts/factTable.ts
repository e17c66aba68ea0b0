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
  ";",
  "\t",
  "\n",
  "\r\n",
  "\r",
  "prompt",
  "paraphrase 2",
  '["a","b"]',
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

/** A table of facts: cells divided by commas, semicolons or tabs, or JSON. */
export const target: Target = {
  name: "factTable",
  file,
  seeds: () => [
    textFile('prompt,subject,target\n{} is in,"Šťastný, Tower",Rome\n"{} is ""here""",B,C\n'),
    textFile("\ufeffTarget;x,Subject,Prompt,target\r\n1,B,{} is,Lima\r\n"),
    textFile(
      'prompt;subject;target;truth;relation\n{} is in;Šťastný, Tower;Rome;Oslo;P17\n"a;b {}";A;"B\nC";\n',
    ),
    textFile("{} is in\tThe Louvre\tRome\tParis\r\n\r\n{} is\t\tB\n"),
    textFile(
      'subject\tprompt\tnew target\tparaphrase 1\tparaphrase 2\tneighbors\nA\t{} is in\tB\tA lies in\t\t"C is in\nD is in"\nE\t{} is in\tB\t"[""E lies in""]"\t\t\n',
    ),
    jsonFile([{ prompt: "{} is in", subject: "A", target: "B" }]),
    jsonFile(cases),
  ],
  mutate,
  read: (bytes) => parseFactTable(new TextDecoder().decode(bytes), file),
};
