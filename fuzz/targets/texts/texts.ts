import { parseTexts } from "../../../src/data/facts/texts.ts";
import { jsonFile, textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "corpus.txt";

/** A corpus in any of its forms. */
export const target: Target = {
  name: "texts",
  file,
  seeds: () => [
    textFile("One text.\nAnother one.\n"),
    jsonFile(["One text.", "Another one."]),
    textFile(" \n = One = \n \n First . \n \n = = Part = = \n \n More .\n = Two = \n \n x = y \n"),
    textFile("Some words that\ngo on.\n\nOthers that\nfollow.\n"),
  ],
  read: (bytes) => parseTexts(new TextDecoder().decode(bytes), { what: file }),
};
