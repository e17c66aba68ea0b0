import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { writeSafetensors } from "../../src/data/weights/safetensors.ts";
import { type Files, HubServer } from "../engine/files/hubServer.ts";
import { serious } from "./serious.ts";
import { expect, test } from "./page.ts";

test.setTimeout(300_000);
const patience = { timeout: 120_000 };
const untraced = "trace.samples=1&kinds=none";

/** A GPT-2 of 35 MB with weights that are a pattern: three of the parts that files are fetched in. */
function model(): Files {
  const [layers, dModel, vocab, positions] = [11, 256, 503, 64];
  const config = {
    model_type: "gpt2",
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    n_layer: layers,
    n_embd: dModel,
    n_head: 4,
    vocab_size: vocab,
    n_positions: positions,
  };
  const shapes: Record<string, number[]> = {
    "wte.weight": [vocab, dModel],
    "wpe.weight": [positions, dModel],
    "ln_f.weight": [dModel],
    "ln_f.bias": [dModel],
  };
  const block: Record<string, number[]> = {
    "ln_1.weight": [dModel],
    "ln_1.bias": [dModel],
    "ln_2.weight": [dModel],
    "ln_2.bias": [dModel],
    "attn.c_attn.weight": [dModel, 3 * dModel],
    "attn.c_attn.bias": [3 * dModel],
    "attn.c_proj.weight": [dModel, dModel],
    "attn.c_proj.bias": [dModel],
    "mlp.c_fc.weight": [dModel, 4 * dModel],
    "mlp.c_fc.bias": [4 * dModel],
    "mlp.c_proj.weight": [4 * dModel, dModel],
    "mlp.c_proj.bias": [dModel],
  };
  for (let l = 0; l < layers; l++)
    for (const [name, shape] of Object.entries(block)) shapes[`h.${l}.${name}`] = shape;
  const tensors = Object.entries(shapes).map(([name, shape], t) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = Math.sin(i * (0.7 + t) + t) / 16;
    return [name, { shape, data }] as const;
  });
  const tokenizer = (name: string) => readFileSync(`test/golden/checkpoints/tiny-gpt2/${name}`);
  return {
    "config.json": new TextEncoder().encode(JSON.stringify(config)),
    "tokenizer.json": tokenizer("tokenizer.json"),
    "tokenizer_config.json": tokenizer("tokenizer_config.json"),
    "model.safetensors": writeSafetensors(Object.fromEntries(tensors)),
  };
}

const loaded = (page: Page) =>
  expect(page.getByText("Built-in model", { exact: true }).first()).toBeVisible(patience);

/** What the model's name opens says that it runs on WebGPU. */
async function onWebGpu(page: Page) {
  await page.getByRole("button", { name: /about this model/ }).click();
  await expect(page.getByText(/^WebGPU: /)).toBeVisible();
  await page.keyboard.press("Escape");
}

/** Opens the dialog and looks at a Hub id, with the keyboard alone. */
async function look(page: Page, id: string): Promise<Locator> {
  await page.getByRole("button", { name: "Open a model…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Open a model" });
  await dialog.getByLabel("Hub id or web address").focus();
  await page.keyboard.type(id);
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("table", { name: "Memory by precision" })).toBeVisible(patience);
  return dialog;
}

test("a Hub's model: plan, download, cancel, reload, go on, offline, delete", async ({ page }) => {
  const hub = new HubServer();
  hub.page = 100; // the next page's address is in a header that is not shown to other origins
  hub.commit(model());
  await hub.start();
  const address = `/#${untraced}&hub=${encodeURIComponent(hub.origin)}`;
  try {
    await page.goto(address);
    await loaded(page);
    // A mirror that a link names is not asked for anything before a click.
    expect(hub.requests).toEqual([]);
    await page.getByRole("button", { name: `Use ${new URL(hub.origin).host}` }).click();
    const dialog = await look(page, hub.id);
    await expect(dialog.getByText(/35 MB from 127\.0\.0\.1/)).toBeVisible();
    await expect(dialog.getByRole("row", { name: /float32/ })).toContainText("35 MB");
    expect(await serious(page)).toEqual([]);
    expect(hub.requests.filter((request) => request.includes("safetensors"))).toEqual([]);

    // The first part comes, the others hang until the download is cancelled.
    hub.fault = (url, range) =>
      url.startsWith("/cdn/") && !range?.startsWith("bytes=0-")
        ? { kind: "slow", milliseconds: 60_000 }
        : undefined;
    await dialog.getByRole("radio", { name: /^8 bits/ }).check();
    await dialog.getByRole("button", { name: "Download 35 MB and open" }).focus();
    await page.keyboard.press("Enter");
    await expect(dialog.getByRole("progressbar", { name: "Downloading" })).toBeVisible();
    await expect(dialog.getByText(/ of 35 MB/)).toBeVisible();
    await expect(dialog.getByText("waiting for the server")).toBeVisible(patience);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(
      dialog.getByText("17 of 35 MB are kept; opening it again goes on from there."),
    ).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(page.getByText(/17 of 35 MB of org\/tiny are kept/)).toBeVisible();
    await loaded(page);

    await page.reload();
    await loaded(page);
    hub.fault = () => undefined;
    hub.reset();
    const again = await look(page, hub.id);
    await expect(again.getByRole("definition").first()).toContainText(
      "17 of 35 MB are kept already",
    );
    await again.getByRole("radio", { name: /^8 bits/ }).check();
    await again.getByRole("button", { name: /^Download 19 MB and open/ }).click();
    await expect(page.getByText("org/tiny", { exact: true })).toBeVisible(patience);
    await expect(page.getByText("8 bits", { exact: true })).toBeVisible();
    await expect(page.getByText(/None are published|none published/i).first()).toBeVisible();
    // What is kept was not asked for again.
    const weights = hub.requests.filter((request) => request.startsWith("GET /cdn/"));
    expect(weights.map((request) => request.split(" ")[2]).sort()).toEqual([
      "bytes=16777216-33554431",
      "bytes=33554432-35343903",
    ]);
  } finally {
    hub.close();
  }

  // Nobody answers any more, and the address brings the model back.
  expect(page.url()).toContain("precision=q8");
  await page.reload();
  await expect(page.getByText("org/tiny", { exact: true })).toBeVisible(patience);
  await expect(page.getByText(/· offline/)).toBeVisible();
  await expect(page.getByText("8 bits", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Open a model…" }).click();
  const kept = page.getByRole("dialog", { name: "Open a model" });
  await kept.getByText("Kept in this browser (1)").click();
  await expect(kept.getByText("works offline")).toBeVisible();
  expect(await serious(page)).toEqual([]);
  await kept.getByRole("button", { name: /^Delete org\/tiny/ }).click();
  await kept.getByRole("button", { name: /^Really delete org\/tiny/ }).click();
  await expect(kept.getByText(/Nothing yet/)).toBeVisible();
});

test("a folder by the File System Access API", async ({ page }) => {
  // A folder of the page's own storage stands for one of the disk: its handle is of the same class.
  const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  const files = names.map((name) => ({
    name,
    base64: readFileSync(`test/golden/checkpoints/tiny-gptj/${name}`).toString("base64"),
  }));
  await page.goto(`/#${untraced}`);
  await loaded(page);
  await page.evaluate(async (given) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("my-gptj", { create: true });
    for (const { name, base64 } of given) {
      const handle = await folder.getFileHandle(name, { create: true });
      const stream = await handle.createWritable();
      await stream.write(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
      await stream.close();
    }
    Object.assign(window, { showDirectoryPicker: () => Promise.resolve(folder) });
  }, files);
  await page.getByRole("button", { name: "Open a model…" }).click();
  const dialog = page.getByRole("dialog", { name: "Open a model" });
  await dialog.getByRole("button", { name: "Choose a folder…" }).click();
  await expect(dialog.getByRole("heading", { name: "my-gptj" })).toBeVisible();
  await expect(dialog.getByText(/are read from the folder/)).toBeVisible();
  await dialog.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByText("my-gptj", { exact: true })).toBeVisible(patience);
});

test("a graphics device that is lost comes back with the model and the edits", async ({
  page,
  browser,
}) => {
  // An emulated graphics card takes its time.
  test.setTimeout(900_000);
  const patience = { timeout: 400_000 };
  await page.goto(`/#${untraced}&device=webgpu&rome.steps=2&rome.contexts=`);
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible(patience);
  await onWebGpu(page);
  await page.getByRole("button", { name: "Rewrite", exact: true }).click();
  await expect(page.getByText("With 1 edit")).toBeVisible(patience);
  const session = await browser.newBrowserCDPSession();
  await session.send("Browser.crashGpuProcess").catch(() => undefined); // it answers to nobody
  await expect(page.getByText(/The graphics device was lost/)).toBeVisible(patience);
  await onWebGpu(page);
  await expect(page.getByText("With 1 edit")).toBeVisible(patience);
  await page.getByRole("switch").click();
  await expect(page.getByText("With 1 edit")).toBeHidden(patience);
});

for (const width of [360, 900, 1440]) {
  test(`the dialog fits at ${width} pixels, light or dark`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: width === 900 ? "light" : "dark" });
    await page.goto(`/#${untraced}`);
    await loaded(page);
    await page.getByRole("button", { name: "Open a model…" }).click();
    const dialog = page.getByRole("dialog", { name: "Open a model" });
    const fits = async () => {
      const wide = await dialog.evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(wide).toBeLessThanOrEqual(0);
      expect(await serious(page)).toEqual([]);
    };
    await fits();
    await dialog.getByRole("button", { name: /^Built-in model/ }).click();
    await expect(dialog.getByRole("table", { name: "Memory by precision" })).toBeVisible(patience);
    await fits();
  });
}
