import { join } from "node:path";
import { expect } from "vitest";
import type { ContinuedToken } from "../../../src/data/ask/ContinuedText.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";

const model = ["--model", golden("tiny-gpt2")];
const prompt = ["--prompt", "{} is in", "--subject", "The tower"];
const ask = (...rest: string[]) => call("generate", ...model, ...prompt, ...rest);

interface Said {
  prompt: string;
  text: string;
  end: string;
  tokens: ContinuedToken[];
  settings: object;
  before?: Said;
}

const askJson = (...rest: string[]) => callJson<Said>("generate", ...model, ...prompt, ...rest);

test("a text goes on greedily, or as it was drawn", async () => {
  const said = await askJson("--tokens", "4");
  expect(said).toMatchObject({ prompt: "The tower is in", end: "length" });
  expect(said.settings).toEqual({ tokens: 4, topK: 1, temperature: 1, seed: 1 });
  expect(said.tokens).toHaveLength(4);
  expect(said.before).toBeUndefined();
  expect((await ask("--tokens", "4")).out).toBe(`The tower is in${said.text}\n`);
  const warm = ["--tokens", "8", "--top-k", "50", "--temperature", "2", "--seed", "3"];
  const drawn = await askJson(...warm);
  expect(await askJson(...warm)).toEqual(drawn);
  expect((await askJson(...warm, "--seed", "4")).text).not.toBe(drawn.text);
});

test("an edited model is asked beside the one without the edit", async ({ folder }) => {
  const delta = join(folder, "d.safetensors");
  const how = ["--layer", "1", "--steps", "5", "--identity", "--context-lengths", ""];
  const edited = await call(
    ...["edit", "--method", "rome", ...model, ...prompt, "--target", "the river"],
    ...[...how, "--out", delta],
  );
  expect(edited.err).toBe("");
  const plain = await askJson("--tokens", "4");
  const said = await askJson("--tokens", "4", "--delta", delta);
  expect(said.before?.tokens).toEqual(plain.tokens);
  expect(said.tokens).not.toEqual(plain.tokens);
  const { out } = await ask("--tokens", "4", "--delta", delta);
  expect(out).toContain(`without the edit\nThe tower is in${plain.text}\n`);
  expect(out).toMatch(/with it \(the same (text|for \d tokens?)\)\n/);
  expect(out).toContain(`)\nThe tower is in${said.text}\n`);
});

test.each([
  [["--tokens", "0"], "invalid --tokens: 0 (a whole number from 1 to 2048)"],
  [["--temperature", "0"], "invalid --temperature: 0 (a number, above 0, at most 100)"],
  [["--top-k", "x"], "invalid --top-k: x"],
])("refuses %j before the model is opened", async (args, sentence) => {
  const { status, err } = await call("generate", "--model", "no/where", ...prompt, ...args);
  expect(status).toBe(2);
  expect(err).toContain(sentence);
});
