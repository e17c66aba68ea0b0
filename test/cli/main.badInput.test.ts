import { parseConfig } from "../../src/engine/architecture/parseConfig.ts";
import { shardPlan } from "../../src/cli/convert/shardPlan.ts";
import { cp, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { writeSafetensors } from "../../src/data/weights/safetensors.ts";
import { call, type Called, folderTest as test, golden } from "../support/call.ts";

const model = golden("tiny-gpt2");
const predict = (prompt: string, ...rest: string[]) =>
  call("predict", "--model", model, "--prompt", prompt, ...rest);
const trace = (prompt: string, subject: string, ...rest: string[]) =>
  call(
    "trace",
    "--model",
    model,
    "--prompt",
    prompt,
    "--subject",
    subject,
    "--noise",
    "1",
    ...rest,
  );
const edit = (prompt: string, subject: string, target: string, ...rest: string[]) => {
  const fact = ["--prompt", prompt, "--subject", subject, "--target", target];
  return call("edit", "--model", model, ...fact, "--identity", ...rest);
};

/** Exit status 1, nothing on standard output and one sentence on standard error. */
function expectFailure({ status, out, err }: Called, sentence: string | RegExp) {
  expect(err).toMatch(sentence);
  expect(err.trimEnd()).not.toContain("\n");
  expect({ status, out }).toEqual({ status: 1, out: "" });
}

test("a subject that is not in the prompt", async () => {
  const sentence = 'subject "Paris" is not in the prompt; use the words exactly as typed';
  expectFailure(await trace("The ferry is in", "Paris"), sentence);
  expectFailure(await edit("The ferry is in", "Paris", "town"), sentence);
});

test("a subject that is in the prompt twice", async () => {
  const twice = "The ferry and the other ferry are in";
  const sentence = 'subject "ferry" is in the prompt 2 times; choose an occurrence from 0 to 1';
  expectFailure(await trace(twice, "ferry"), sentence);
  expect((await trace(twice, "ferry", "--occurrence", "1")).status).toBe(0);
});

test("an empty prompt", async () => {
  expectFailure(await predict(""), /^the prompt is empty/);
  expectFailure(await trace("", "ferry"), /^the prompt is empty/);
  expectFailure(await edit("  ", "ferry", "town"), /^the prompt is empty/);
});

test("a prompt that is longer than the context", async () => {
  const long = "The ferry is in the city of ".repeat(9);
  expectFailure(await predict(long), /token.* 40/);
  expectFailure(await trace(`${long} Brno`, "Brno"), /token.* 40/);
});

test("a target of no tokens", async () => {
  expectFailure(await edit("{} is in", "The ferry", ""), /target/);
  expectFailure(await trace("The ferry is in", "ferry", "--target", ""), /target/);
});

test("a layer that the model does not have", async () => {
  const sentence = /^invalid layer: 3 \(.*0–2\)/;
  expectFailure(await edit("{} is in", "The ferry", "town", "--layer", "3"), sentence);
  const text = join(golden(".."), "corpus.txt");
  const stats = ["--text", text, "--out", "unused.npz", "--layer", "3"];
  expectFailure(await call("stats", "--model", model, ...stats), sentence);
});

test("an unknown model", async () => {
  const named = (name: string) => call("predict", "--model", name, "--prompt", "a");
  expectFailure(await named("no-such"), /^unknown model: no-such .*a model of the Hub such as /);
  expectFailure(await named(golden("..")), /config\.json/);
});

test("a model that is damaged", async ({ folder }) => {
  await cp(model, folder, { recursive: true });
  const path = join(folder, "model.safetensors");
  const whole = await readFile(path);
  const open = () => call("predict", "--model", folder, "--prompt", "a");
  await writeFile(path, whole.subarray(0, whole.length / 2));
  expectFailure(await open(), /model\.safetensors.*(cut short|truncated|damaged)/);
  const header = whole.toString("latin1");
  await writeFile(path, Buffer.from(header.replace('"dtype":"F32"', '"dtype":"I32"'), "latin1"));
  expectFailure(await open(), /I32/);
  await writeFile(
    path,
    writeSafetensors({ "wte.weight": { shape: [1], data: Float32Array.of(1) } }),
  );
  expectFailure(await open(), /wte\.weight.* shape|\[1\]/);
  await writeFile(join(folder, "config.json"), '{ "model_type": "llama" }');
  expectFailure(await open(), "unknown architecture: llama (supported: gpt2, gptj, gpt_neox)");
});

test("a model that does not fit into memory", async ({ folder }) => {
  await cp(model, folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;
  const [vocab, width] = [2 ** 22, 2 ** 12];
  const large = { ...config, vocab_size: vocab, n_embd: width, n_head: 4, n_layer: 1 };
  await writeFile(join(folder, "config.json"), JSON.stringify(large));
  const parsed = parseConfig(large, "large", "test");
  const shapes = shardPlan(parsed).flatMap(({ tensors }) => tensors);
  // 64 GiB that take no place on the disk: the file ends in a hole.
  let end = 0;
  const tensors = shapes.map(({ name, shape }) => {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: "F32", shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(tensors)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(folder, "model.safetensors");
  await writeFile(path, Buffer.concat([length, header]));
  await truncate(path, 8 + header.length + end);
  const opened = await call("predict", "--model", folder, "--prompt", "a");
  expectFailure(opened, /^not enough memory \(.*\); close other programs/);
});

test("a delta that is foreign or of another model", async ({ folder }) => {
  const open = (path: string) => predict("The ferry is in", "--delta", path);
  expectFailure(await open(join(folder, "none")), /none cannot be read: it does not exist/);
  expectFailure(await open(join(model, "model.safetensors")), /not a/);
  expectFailure(await open(join(model, "config.json")), /safetensors/);
  const other = join(folder, "other.safetensors");
  const fact = ["--prompt", "{} is in", "--subject", "The ferry", "--target", "town", "--identity"];
  const made = ["--model", golden("tiny-gptj"), ...fact, "--steps", "2", "--out", other];
  expect((await call("edit", ...made)).err).toBe("");
  expectFailure(await open(other), /^this delta was made for tiny-gptj/);
});

test("files that are no contexts, cases, statistics or texts", async ({ folder }) => {
  const write = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const contexts = await write("contexts.json", '["no place"]');
  const fact = ["{} is in", "The ferry", "town"] as const;
  expectFailure(await edit(...fact, "--contexts", contexts), /^invalid template: "no place"/);
  expectFailure(
    await edit(...fact, "--contexts", await write("object.json", "{}")),
    /is not a list of templates/,
  );
  const scored = (path: string) => call("score", "--model", model, "--case", path);
  expectFailure(
    await scored(await write("case.json", "{}")),
    /case\.json, record 0 .*no known form/,
  );
  expectFailure(await scored(await write("broken.json", "{")), /broken\.json is not JSON/);
  const empty = await write("empty.txt", "\n \n");
  const stats = ["--layer", "1", "--text", empty, "--out", join(folder, "out.npz")];
  expectFailure(await call("stats", "--model", model, ...stats), /empty\.txt has no text in it/);
  const notNpz = ["--model", model, "--stats", empty, "--target", "c", "--prompt", "{} b"];
  expectFailure(await call("edit", ...notNpz, "--subject", "a"), /empty\.txt/);
});
