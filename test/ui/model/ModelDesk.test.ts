import { expect, test } from "vitest";
import { ModelDesk } from "../../../src/ui/model/ModelDesk.svelte.ts";
import type { ModelOrder } from "../../../workers/protocol/protocol.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";

/** A desk beside a stand-in for the worker, with what it loaded and what it said. */
function deskOn() {
  const lab = new FakeLab();
  const loaded: ModelOrder[] = [];
  const said: string[] = [];
  const desk = new ModelDesk({
    lab: () => lab.models,
    run: async (_name, _stage, work) => {
      try {
        return await work(1);
      } catch (error) {
        said.push((error as Error).message);
        return undefined;
      }
    },
    stop: () => undefined,
    load: (order) => Promise.resolve(void loaded.push(order)),
    report: () => undefined,
    restart: () => Promise.resolve(),
  });
  return { desk, loaded, said };
}

test("a link to a folder says that it cannot be read again unasked, and the page is of use with the built-in model", async () => {
  const { desk, loaded, said } = deskOn();
  await desk.openLink({ model: "folder:mine" });
  expect(said).toEqual([expect.stringContaining("a folder of a computer, mine")]);
  expect(loaded).toEqual([{ source: { kind: "demo" } }]);
});

test("what was typed of a model stays when the reader goes back to the choice", () => {
  const { desk } = deskOn();
  desk.typed.address = "openai-community/gpt2-typo";
  desk.back();
  expect(desk.typed.address).toBe("openai-community/gpt2-typo");
});
