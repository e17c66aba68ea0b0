import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { askPreset } from "../../src/data/ask/askFields.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { Lab } from "../../workers/Lab.ts";
import type { AskEvent } from "../../workers/protocol/protocol.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";

vi.setConfig({ testTimeout: 120_000 });

const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"].map(
  (path) => ({
    path,
    file: new File([readFileSync(`test/golden/checkpoints/tiny-gpt2/${path}`)], path),
  }),
);
const order = { prompt: "The tower is in", settings: { ...askPreset, tokens: 5 } };
let job = 0;

/** A Lab with the tiny model open, and an edit that is switched off. */
async function edited() {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  await lab.open(++job, "http://localhost/");
  await lab.load(++job, { source: { kind: "folder", name: "tiny", files } }, () => undefined);
  const { settings } = editors[0].preset(smallConfig);
  const { edit } = await lab.editing.edit(
    ++job,
    {
      editor: "rome",
      facts: [{ prompt: "{} is in", subject: "The tower", target: "the river" }],
      settings: { ...settings, layer: 1, steps: 5, covariance: "I", contextLengths: [] },
      seed: 1,
    },
    () => undefined,
  );
  const asked = async (more = {}) => {
    const events: AskEvent[] = [];
    const view = await lab.asking.ask(++job, { ...order, ...more }, (event) => events.push(event));
    const side = (name: AskEvent["side"]) =>
      events.flatMap((event) => (event.side === name ? event.token : []));
    return { ...view, events, told: { before: side("before"), after: side("after") } };
  };
  return { lab, edit, asked };
}

test("the model is asked with the edits that are on and beside them without, token by token", async () => {
  const { lab, edit, asked } = await edited();
  const plain = await asked();
  expect(plain.after).toBeUndefined();
  expect(plain.told.before).toEqual(plain.before.tokens);

  await lab.edits.switchOn([edit.id]);
  const both = await asked();
  expect(both.before).toEqual(plain.before);
  expect(both.after?.tokens).not.toEqual(both.before.tokens);
  expect(both.told).toEqual({ before: both.before.tokens, after: both.after?.tokens });

  await lab.edits.switchOn([]);
  expect((await asked()).before).toEqual(plain.before);
});

test("what is remembered of the unedited model is the answer to the same text and settings alone", async () => {
  const { asked } = await edited();
  const first = await asked();
  const longer = await asked({ settings: { ...order.settings, tokens: 6 } });
  expect(longer.before.tokens).toHaveLength(6);
  expect(longer.before.tokens.slice(0, 5).map(({ id }) => id)).toEqual(
    first.before.tokens.map(({ id }) => id),
  );
  const other = await asked({ prompt: "The river is in" });
  expect(other.before.prompt).toBe("The river is in");
  expect((await asked()).told.before).toEqual(first.before.tokens);
});

test("an edit that is switched on while the model speaks is not mixed in", async () => {
  const { lab, edit, asked } = await edited();
  await lab.edits.switchOn([edit.id]);
  const quiet = await asked();
  const switched: Promise<unknown>[] = [];
  const events: AskEvent[] = [];
  const asking = lab.asking.ask(
    ++job,
    { ...order, settings: { ...order.settings, topK: 1, seed: 9 } },
    (event) => {
      events.push(event);
      if (events.length === 1) switched.push(lab.edits.switchOn([]));
    },
  );
  const view = await asking;
  await Promise.all(switched);
  expect(view.after?.tokens).toEqual(quiet.after?.tokens);
  expect(view.before.tokens).toEqual(quiet.before.tokens);
});

test("it can be stopped, and the next question is answered", async () => {
  const { lab, asked } = await edited();
  const id = ++job;
  const stopped = lab.asking.ask(id, order, () => lab.cancel(id));
  await expect(stopped).rejects.toThrow(/abort/i);
  expect((await asked()).before.tokens).toHaveLength(5);
});
