import { Buffer } from "node:buffer";
import { zipSync } from "fflate";
import type { Page } from "@playwright/test";
import { expect, test } from "./page.ts";

const patience = { timeout: 120_000 };

/** A safetensors file with this header. */
function safetensors(header: object, data = new Uint8Array()): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const tensor = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

/** A delta of the format, but for what its provenance says. */
const delta = (provenance: string) =>
  safetensors(
    { __metadata__: { format: "palimpsest-delta", version: "1", provenance }, w: tensor },
    new Uint8Array(4),
  );

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const adapter = (config: string) =>
  Buffer.from(
    zipSync({
      "adapter_config.json": Buffer.from(config),
      "adapter_model.safetensors": safetensors({}),
    }),
  );

/** Files that are imported as an edit; none of them is one. */
const edits: [name: string, bytes: Buffer][] = [
  ["empty.safetensors", Buffer.alloc(0)],
  ["text.safetensors", Buffer.from("no")],
  ["longer than itself.safetensors", Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, 123])],
  ["provenance.safetensors", delta("{}")],
  ["method.safetensors", delta('{"method":5}')],
  ["request.safetensors", delta('{"method":"rome","request":true}')],
  ["target.safetensors", delta('{"method":"rome","request":{"prompt":"{} is","subject":"a"}}')],
  ["deep.safetensors", delta(deep(50_000))],
  ["\u202estensorefas.safetensors", delta('{"method":"<img src=x onerror=alert(1)>"}')],
  ["empty.zip", Buffer.from(zipSync({}))],
  ["cut.zip", adapter("{}").subarray(0, 60)],
  ["deep.zip", adapter(deep(100_000))],
  ["bomb.zip", Buffer.from(zipSync({ "adapter_config.json": new Uint8Array(2 ** 26) }))],
];

const gpt2 = { model_type: "gpt2", n_embd: 8, n_head: 2, n_layer: 1, vocab_size: 10 };
const config = (changes: object) =>
  JSON.stringify({ ...gpt2, n_positions: 8, activation_function: "gelu_new", ...changes });

/** Files that are dropped beside a config.json; none of them is a model. */
const folders: [what: string, files: Record<string, string>][] = [
  ["a config that is no JSON", { "config.json": "{" }],
  ["a config of a billion layers", { "config.json": config({ n_layer: 1e9 }) }],
  ["a config of text", { "config.json": config({ n_embd: "8", n_head: "\u001b[2J" }) }],
  ["a deep config", { "config.json": deep(100_000) }],
  [
    "an index that leads nowhere",
    {
      "config.json": config({}),
      "model.safetensors.index.json": '{"weight_map":{"a":"../../etc/passwd"}}',
    },
  ],
  ["a list for a config", { "config.json": "[]" }],
];

/** Drops files on the page, as a hand would. */
async function drop(page: Page, files: Record<string, string>) {
  await page.evaluate((given) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(given))
      dataTransfer.items.add(new File([text], name));
    for (const type of ["dragover", "drop"])
      document.body.dispatchEvent(
        new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }),
      );
  }, files);
}

/** A sentence as the page's readers are promised it. */
function good(sentence: string) {
  expect(sentence).not.toMatch(/undefined|NaN|\[object|TypeError|RangeError/);
  expect(sentence).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
  expect(sentence.length).toBeGreaterThan(10);
  expect(sentence.length).toBeLessThanOrEqual(400);
}

test("hostile files are answered with a sentence, one after the other, and the page goes on", async ({
  page,
}) => {
  const broke: string[] = [];
  page.on("pageerror", (error) => broke.push(error.message));
  await page.goto("/#kinds=none");
  const next = page.getByRole("heading", { name: /^Next token, ten likeliest/ });
  await expect(next).toBeVisible(patience);
  const stack = page.getByRole("region", { name: "Edits" });
  const said = stack.getByRole("alert").filter({ hasText: /./ });

  for (const [name, buffer] of edits) {
    await test.step(name, async () => {
      await page.getByLabel("Import a delta…").setInputFiles([]);
      await page.getByLabel("Import a delta…").setInputFiles({ name, mimeType: "", buffer });
      await expect(stack.getByRole("progressbar")).toHaveCount(0);
      await expect(said).toHaveCount(1);
      good(await said.innerText());
      await expect(stack.getByText(/Nothing is overwritten yet/)).toBeVisible();
    });
  }

  const dialog = page.getByRole("dialog", { name: "Open a model" });
  for (const [what, files] of folders) {
    await test.step(what, async () => {
      await drop(page, files);
      const alert = dialog.getByRole("alert").filter({ hasText: /./ });
      await expect(alert).toBeVisible();
      good((await alert.innerText()).replace(/\s*Try again$/, ""));
      await dialog.getByRole("button", { name: /Choose another$/ }).click();
      await dialog.getByRole("button", { name: "Close" }).click();
    });
  }

  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible();
  await page.getByLabel("Prompt, up to its answer").fill("The Space Needle is in");
  await expect(page.getByText("7 tokens, as the model sees them")).toBeVisible();
  await page.reload();
  await expect(next).toBeVisible(patience);
  await expect(stack.getByText(/Nothing is overwritten yet/)).toBeVisible();
  expect(broke).toEqual([]);
});
