import { expect, test } from "vitest";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import { CompareDesk } from "../../../src/ui/score/CompareDesk.svelte.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";

async function desk() {
  const lab = new FakeLab();
  const model = await lab.load(1, { source: { kind: "demo" } }, () => undefined);
  const draft = new Draft();
  draft.prompt = "Marie Curie was born in the city of";
  draft.nameSubject("Marie Curie");
  draft.target = "London";
  const made = new CompareDesk({
    lab: () => lab.scoring,
    run: (_, work) => work(2),
    job: new Job(),
    callback: (call) => call,
    model: () => model,
    draft,
    ownAnswer: async () => Promise.resolve("Warsaw"),
    now: () => ({ model: model.identity, edits: [] }),
  });
  return { desk: made, draft };
}

test("a comparison says in what it differs from the form", async () => {
  const { desk: comparing, draft } = await desk();
  await comparing.compare();
  expect(comparing.comparison?.case.targetTrue).toBe("Warsaw");
  expect(comparing.differences).toEqual([]);
  draft.target = "Paris";
  draft.neighbours = "Frédéric Chopin was born in the city of";
  expect(comparing.differences).toEqual(["the new target", "the neighbours"]);
});

test("an own sentence is scored without prompts of another fact", async () => {
  const { desk: comparing } = await desk();
  await comparing.compare();
  const { before } = comparing.comparison!;
  expect([before.paraphrase, before.neighbourhood]).toEqual([[], []]);
});
