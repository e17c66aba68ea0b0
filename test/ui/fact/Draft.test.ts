import { expect, test } from "vitest";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";

/** A sentence of the reader's own, with prompts typed for it. */
function own(): Draft {
  const draft = new Draft();
  draft.prompt = "Marie Curie was born in the city of";
  draft.nameSubject("Marie Curie");
  draft.paraphrases = "The birthplace of Marie Curie is";
  draft.neighbours = "Frédéric Chopin was born in the city of";
  return draft;
}

test("words that were typed for another prompt are named, and cleared by a click", () => {
  const draft = own();
  expect(draft.strangeNote).toBeNull();
  draft.prompt = "The Louvre is in the city of";
  draft.nameSubject("The Louvre");
  expect(draft.strangeNote).toBe(
    "The paraphrases and neighbours were typed for another prompt or subject.",
  );
  draft.clearStrange();
  expect([draft.paraphrases, draft.neighbours, draft.strangeNote]).toEqual(["", "", null]);
});

test("a true answer that was typed for another prompt is named too", () => {
  const draft = own();
  draft.clearStrange();
  draft.paraphrases = draft.neighbours = "";
  draft.truth = "Warsaw";
  draft.prompt = "The Louvre is in the city of";
  draft.nameSubject("The Louvre");
  expect(draft.strangeNote).toBe("The true answer was typed for another prompt or subject.");
});
