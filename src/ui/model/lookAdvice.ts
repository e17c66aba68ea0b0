import type { ChosenModel } from "../../../workers/protocol/protocol.ts";

/** What a reader can do where a model could not be looked at. */
export interface LookAdvice {
  /** Whether the same may go well another time: nobody answered, and it was no fault of what was asked for. */
  again: boolean;
  /** A sentence or two; empty where the error says all. */
  words: string;
}

/** What the engine says where a server did not answer, or not as it should. */
const PASSING =
  /could not reach|try again|connection was lost|nothing came for|no answer|status (408|429|5\d\d)/;
const OTHER_WAYS =
  "Where the Hub cannot be reached, name a mirror of it under “Device and mirror”, or open the model’s folder from this computer; both stand where a model is chosen.";

/** What to do after a model could not be looked at. */
export function lookAdvice(source: ChosenModel, problem: string): LookAdvice {
  if (source.kind === "folder") {
    const words =
      "Choose the folder that holds config.json, the tokenizer and the weights; one that was changed is chosen again.";
    return { again: false, words };
  }
  if (source.kind === "demo")
    return { again: true, words: "The built-in model comes from where the page itself does." };
  if (/^invalid (model|address)/.test(problem)) {
    const words =
      "A Hub id is organisation/name, as openai-community/gpt2; anything else is an address that begins with https://. Go back to change it.";
    return { again: false, words };
  }
  if (/^the link names a folder/.test(problem)) return { again: false, words: "" };
  if (PASSING.test(problem)) return { again: true, words: OTHER_WAYS };
  if (/status (401|403|404|410)|is missing/.test(problem)) {
    const words = `Look at how it is spelt; a private model is read from its folder. ${OTHER_WAYS}`;
    return { again: false, words };
  }
  return { again: false, words: "" };
}
