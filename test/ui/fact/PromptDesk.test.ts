import { expect, test } from "vitest";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";
import { PromptDesk } from "../../../src/ui/fact/PromptDesk.svelte.ts";
import type { ModelView } from "../../../workers/protocol/protocol.ts";

test("an emptied prompt has no tokens and no prediction, and what was asked of the one before is ended", async () => {
  const draft = new Draft();
  let ended = 0;
  const desk = new PromptDesk({
    lab: () => ({
      tokenize: () => Promise.resolve({ ids: [1], texts: ["Rome"] }),
      predict: (_id, prompt) => Promise.resolve({ prompt, before: [] }),
      wholeAnswer: () => Promise.resolve(" Italy"),
    }),
    run: (_stage, work) => work(1),
    end: () => ended++,
    counts: () => true,
    number: () => 2,
    model: () => ({}) as ModelView,
    draft,
  });
  draft.prompt = "Rome is in";
  await desk.read();
  expect([desk.tokens?.texts, desk.prediction?.prompt, desk.answer]).toEqual([
    ["Rome"],
    "Rome is in",
    " Italy",
  ]);
  draft.prompt = "  ";
  await desk.read();
  expect([desk.tokens, desk.prediction, desk.answer, ended]).toEqual([null, null, "", 1]);
});
