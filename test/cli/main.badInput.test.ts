import { parseConfig } from "../../src/engine/architecture/parseConfig.ts";
import { shardPlan } from "../../src/engine/export/shardPlan.ts";
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
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
  expectFailure(
    await open(other),
    /other\.safetensors: it was made with tiny-gptj of other contents/,
  );
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
    /case\.json, record 1 .*no known form/,
  );
  expectFailure(await scored(await write("broken.json", "{")), /broken\.json is not JSON/);
  const empty = await write("empty.txt", "\n \n");
  const stats = ["--layer", "1", "--text", empty, "--out", join(folder, "out.npz")];
  expectFailure(await call("stats", "--model", model, ...stats), /empty\.txt has no text in it/);
  const notNpz = ["--model", model, "--stats", empty, "--target", "c", "--prompt", "{} b"];
  expectFailure(await call("edit", ...notNpz, "--subject", "a"), /empty\.txt/);
});

test("numbers that nothing can hold are no result: the setting is named, and nothing is saved", async ({
  folder,
}) => {
  const out = join(folder, "edit.safetensors");
  const how = ["--layer", "1", "--steps", "4", "--out", out];
  const tried = await edit("{} is in", "The ferry", "town", ...how, "--learning-rate", "1e308");
  expectFailure(tried, /beyond what float32 can hold: “Learning rate” is 1e\+308/);
  await expect(readFile(out)).rejects.toThrow("ENOENT");
  const noisy = (noise: string) => call("trace", ...traced, "--noise", noise, "--samples", "2");
  const traced = ["--model", model, "--prompt", "The ferry is in", "--subject", "ferry"];
  for (const noise of ["1e39", "u1e39"]) {
    expectFailure(await noisy(noise), /beyond what float32 can hold: the noise is u?1e\+39; take/);
  }
  const sigma = await call("trace", ...traced, "--noise", "3s", "--sigma", "1e307");
  expectFailure(sigma, /the noise is 3s, a level of 3e\+307; take a smaller one/);
  const seed = ["--seed", String(2 ** 32)];
  const { status, err } = await edit("{} is in", "The ferry", "town", ...seed);
  expect({ status, err }).toEqual({
    status: 2,
    err: "invalid --seed: 4294967296 (a whole number from 0 to 4294967295)\n",
  });
});

test("a pipe that nobody writes into is not waited for", async ({ folder }) => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const sentence = /pipe cannot be read: it is a pipe or a device; give the name of a file/;
  expectFailure(await predict("The ferry is in", "--delta", pipe), sentence);
  expectFailure(await edit("{} is in", "ferry", "town", "--contexts", pipe), sentence);
  expectFailure(await call("score", "--model", model, "--case", pipe), sentence);
  const stats = ["--layer", "1", "--out", join(folder, "s.npz"), "--text", pipe];
  expectFailure(await call("stats", "--model", model, ...stats), sentence);
});

test("where nothing can be written is said before the model is opened", async ({ folder }) => {
  const cannot = /cannot be written: it is a folder/;
  const none = ["--model", "no-such-model"];
  const fact = ["--prompt", "{} is", "--subject", "It", "--target", "so", "--identity"];
  for (const option of ["--out", "--report"]) {
    expectFailure(await call("edit", ...none, ...fact, option, folder), cannot);
  }
  const named = join(folder, "t.npz");
  await mkdir(named);
  const traced = ["--prompt", "It is", "--subject", "It", "--out", named];
  expectFailure(await call("trace", ...none, ...traced), cannot);
  const stats = ["--layer", "1", "--text", "none", "--out", named];
  expectFailure(await call("stats", ...none, ...stats), cannot);
  const file = join(folder, "file");
  await writeFile(file, "");
  const convert = ["--bits", "8", "--out", join(file, "in")];
  expectFailure(
    await call("convert", ...none, ...convert),
    /in cannot be made: a part of its path/,
  );
});
