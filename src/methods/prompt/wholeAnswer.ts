import type { Model } from "../../engine/Model.ts";
import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import { endOf } from "./ask.ts";
import { promptIds } from "./promptIds.ts";

/** Tokens after which an answer that has not ended is taken as it is. */
const LONGEST = 12;

/**
 * What the model as it is answers a prompt by itself, as words and not as a token: greedy text to the end of the name or
 * word it begins with, without blanks around it; empty where the text ends at once.
 *
 * @throws when the prompt is empty or fills the context, and when it is stopped
 */
export async function wholeAnswer(
  model: Model,
  prompt: string,
  { signal }: Stoppable = {},
): Promise<string> {
  const ids = promptIds(model, prompt, 1);
  const { tokenizer } = model;
  const end = endOf(model);
  const found: number[] = [];
  await model.generate([ids], {
    newTokens: Math.min(LONGEST, model.config.positions - ids.length),
    signal,
    onToken: ({ id }) => {
      if (id === end) return true;
      found.push(id);
      return answerIn(tokenizer.spell(found)).ended;
    },
  });
  return answerIn(tokenizer.spell(found)).answer;
}

/** Where a phrase ends whatever follows; a full stop after one capital letter is an initial's. */
const STOP = /[,;:!?\n()"“”]|(?<!\b\p{Lu})\.(?=\s|$)|(?<=\p{Lu}\.\p{Lu})\.(?=\s+\p{Ll})/u;
const ARTICLE = /^(?:the|a|an)$/i;
/** Words that stand within a name. */
const WITHIN = /^(?:of|the|de|del|della|di|da|do|dos|du|la|le|las|los|van|von|der|den|al|el|y)$/;
const NAME = /^[\p{Lu}\p{N}]/u;

/**
 * The answer that a text begins with: its first word, with the article before it, and the words of a name that go on from
 * it. `ended` tells that more text would not change it.
 */
export function answerIn(text: string): { answer: string; ended: boolean } {
  const phrase = text.trimStart();
  const stop = STOP.exec(phrase);
  const words = (stop ? phrase.slice(0, stop.index) : phrase).split(/\s+/).filter(Boolean);
  let length = ARTICLE.test(words.at(0) ?? "") ? 2 : 1;
  if (NAME.test(words.at(length - 1) ?? "")) length = nameLength(words, length);
  // The last word of a text that goes on may not be whole yet, or be followed by more of a name.
  const later = words.slice(length).findIndex((word) => !WITHIN.test(word));
  const ended =
    phrase !== "" && (stop !== null || (later >= 0 && length + later < words.length - 1));
  return { answer: words.slice(0, length).join(" "), ended };
}

/** How many of the words are the name that begins before `length`. */
function nameLength(words: string[], length: number): number {
  for (let at = length; at < words.length; at++) {
    if (NAME.test(words[at])) length = at + 1;
    else if (!WITHIN.test(words[at])) break;
  }
  return length;
}
