import { expect, test } from "vitest";
import { modelSource } from "../../../src/engine/files/ModelSource.ts";
import { refused, unreachable } from "../../../src/engine/files/http.ts";
import { lookAdvice } from "../../../src/ui/model/lookAdvice.ts";

const hub = (address: string) => ({ kind: "address" as const, address });
const folder = { kind: "folder" as const, name: "mine", files: [] };

test("what cannot be an id is not tried again, and the reader is told what one looks like", () => {
  for (const typed of ["gpt2 xl", "a/b/c", "C:\\models\\gpt2", "org/name?x"]) {
    const error = problemOf(() => modelSource(typed));
    expect(lookAdvice(hub(typed), error)).toEqual({
      again: false,
      words: expect.stringContaining("A Hub id is organisation/name") as string,
    });
  }
});

test("a Hub that does not answer may another time, and there are a mirror and a folder", () => {
  const url = "https://huggingface.co/openai-community/gpt2";
  for (const error of [unreachable(url, null), refused(url, 503), refused(url, 429)]) {
    const { again, words } = lookAdvice(hub("openai-community/gpt2"), error.message);
    expect(again).toBe(true);
    expect(words).toMatch(/mirror.*folder from this computer/);
  }
});

test("what is not there, or not for us, is looked at again by its spelling", () => {
  const url = "https://huggingface.co/openai-community/gpt-2";
  for (const status of [401, 404]) {
    const { again, words } = lookAdvice(hub("x/y"), refused(url, status).message);
    expect(again).toBe(false);
    expect(words).toMatch(/how it is spelt.*mirror/);
  }
  const other = "config.json of x: unknown architecture: llama (supported: gpt2)";
  expect(lookAdvice(hub("x/y"), other)).toEqual({ again: false, words: "" });
});

test("a folder is spoken of as a folder", () => {
  const { again, words } = lookAdvice(folder, "there is no model in the folder mine");
  expect(again).toBe(false);
  expect(words).toMatch(/^Choose the folder/);
  expect(words).not.toMatch(/address|Hub/);
});

function problemOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it should have thrown");
}
