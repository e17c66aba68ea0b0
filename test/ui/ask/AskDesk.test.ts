import { expect, test } from "vitest";
import { AskDesk } from "../../../src/ui/ask/AskDesk.svelte.ts";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import type { HeldEdit } from "../../../workers/protocol/protocol.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";

/** A desk over the stand-in for the worker, with a session of a few lines. */
async function desk(options: ConstructorParameters<typeof FakeLab>[0] = {}) {
  const lab = new FakeLab(options);
  const model = await lab.load(1, { source: { kind: "demo" } }, () => undefined);
  const state = { edits: [] as HeldEdit[], problem: "" };
  const draft = { prompt: "The Space Needle is in the city of" };
  const job = new Job();
  let number = 1;
  const made = new AskDesk({
    lab: () => lab.asking,
    run: async (stage, work) => {
      const id = ++number;
      job.begin(id, stage);
      try {
        return await work(id);
      } catch (error) {
        state.problem = (error as Error).message;
        return undefined;
      } finally {
        if (job.id === id) job.end();
      }
    },
    job,
    callback: (call) => call,
    model: () => model,
    edits: () => state.edits,
    draft,
  });
  /** Switches one edit on. */
  const switchOn = async () => {
    const made = lab.edits.hold({ method: "xyz", facts: [], layers: [0] });
    state.edits = [made];
    await lab.edits.switchOn([made.id]);
  };
  return { desk: made, lab, state, draft, job, switchOn };
}

const texts = (tokens: { text: string }[] = []) => tokens.map(({ text }) => text);

test("nothing typed continues the fact's prompt, and what is typed stays when the fact changes", async () => {
  const { desk: asking, lab, draft } = await desk();
  await asking.ask();
  expect(lab.asking.asked[0].prompt).toBe("The Space Needle is in the city of");
  draft.prompt = "The Louvre is in";
  expect(asking.text).toBe("The Louvre is in");
  asking.type("Seattle is");
  draft.prompt = "Another";
  expect(asking.text).toBe("Seattle is");
  await asking.ask();
  expect(lab.asking.asked[1].prompt).toBe("Seattle is");
});

test("greedy and sampled are settings; what only sampling uses counts there alone", async () => {
  const { desk: asking, lab } = await desk();
  asking.typed = { tokens: "4", temperature: "nonsense" };
  await asking.ask();
  expect(lab.asking.asked[0].settings).toEqual({ tokens: 4, topK: 1, temperature: 1, seed: 1 });
  asking.sampled = true;
  asking.typed = { temperature: "0.8", seed: "7" };
  await asking.ask();
  expect(lab.asking.asked[1].settings).toEqual({
    tokens: 40,
    topK: 40,
    temperature: 0.8,
    seed: 7,
  });
});

test("both texts stand beside each other with what differs marked", async () => {
  const { desk: asking, switchOn } = await desk();
  await asking.ask();
  expect(asking.marks).toBeNull();
  await switchOn();
  await asking.ask();
  expect(texts(asking.asked?.before)).toEqual([" Seattle", ",", " and", " it", " is", " known"]);
  expect(texts(asking.asked?.after)[0]).toBe(" Paris");
  expect(asking.marks?.after).toEqual([true, false, false, false, false, false]);
  expect(asking.marks?.before).toEqual([true, false, false, false, false, false]);
  expect(asking.asked?.ends).toEqual({ before: "length", after: "length" });
});

test("a token that is told after the end is not there twice", async () => {
  const { desk: asking, lab } = await desk();
  const ask = lab.asking.ask.bind(lab.asking);
  let tell = () => undefined as void;
  lab.asking.ask = (id, order, report) =>
    ask(id, order, (event) => {
      tell = () => report(event);
      report(event);
    });
  await asking.ask();
  tell();
  expect(texts(asking.asked?.before)).toEqual([" Seattle", ",", " and", " it", " is", " known"]);
});

test("an answer says in what it is of another run", async () => {
  const { desk: asking, switchOn } = await desk();
  await switchOn();
  await asking.ask();
  expect(asking.stale).toEqual([]);
  asking.type("Another text");
  asking.typed = { tokens: "12" };
  expect(asking.stale).toEqual(["the text", "the number of tokens"]);
  asking.own = null;
  asking.typed = {};
  asking.sampled = true;
  expect(asking.stale).toEqual(["the top k", "the seed"]);
  asking.sampled = false;
  await switchOn();
  expect(asking.stale).toEqual(["the edits"]);
});

test("what came before a stop stays, and is known to be no end", async () => {
  const { desk: asking, lab, job } = await desk({ delay: 5 });
  const asked = asking.ask();
  while (!asking.asked?.before.length) await new Promise((wake) => setTimeout(wake, 5));
  await lab.cancel(job.id);
  await asked;
  expect(texts(asking.asked?.before)).toContain(" Seattle");
  expect(asking.asked?.ends).toEqual({});
  expect(asking.asked?.before.length).toBeLessThan(6);
});

test("what cannot be asked leaves the last answer and is a sentence", async () => {
  const { desk: asking, state } = await desk();
  await asking.ask();
  asking.typed = { tokens: "0" };
  await asking.ask();
  expect(state.problem).toBe("invalid tokens: 0 (a whole number from 1 to 2048)");
  expect(texts(asking.asked?.before)).toContain(" Seattle");
});
