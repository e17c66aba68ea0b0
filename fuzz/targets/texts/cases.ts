import { parseCases, parseFacts } from "../../../src/data/facts/facts.ts";
import { parseJson } from "../../../src/data/outside/readJson.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { cases, jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "cases.json";

/** Cases in any of their forms: all that a model is asked is text. */
export const target: Target = {
  name: "cases",
  file,
  seeds: () => [...cases.map((one) => jsonFile([one])), jsonFile({ facts: cases })],
  mutate: mutateJsonBytes,
  read: (bytes) => {
    const json = parseJson(bytes, file);
    for (const found of parseCases(json, { what: file })) {
      const { prompt, subject, targetNew, targetTrue, ...rest } = found;
      const asked = [prompt, subject, targetNew, targetTrue, ...rest.paraphrases];
      for (const text of [...asked, ...rest.neighbours, ...rest.generationPrompts]) {
        if (text.trim() === "") throw new TypeError("a text is empty");
      }
    }
    if (Array.isArray(json)) return undefined;
    return parseFactsOrSay(json);
  },
};

/** What are cases need not be facts of our own form. */
function parseFactsOrSay(json: unknown) {
  try {
    return parseFacts(json, { what: file });
  } catch (error) {
    if ((error as Error).message.startsWith(file)) return undefined;
    throw error;
  }
}
