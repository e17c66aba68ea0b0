import { readFileSync } from "node:fs";
import type { Download, Page } from "@playwright/test";
import { readDelta } from "../../src/data/delta/deltaFile.ts";
import { readNpz } from "../../src/data/archive/npz.ts";
import { readAdapterZip } from "../../src/data/delta/readAdapter.ts";
import { readRecipe } from "../../src/data/delta/recipe.ts";
import { serious } from "./serious.ts";
import { factorsOf } from "../support/engine/deltas.ts";
import { expect, test } from "./page.ts";

const { n_layer: layers } = JSON.parse(readFileSync("public/models/demo/config.json", "utf8")) as {
  n_layer: number;
};

/** Small enough for two cores: two samples of noise. */
const small = "trace.samples=2";

/** Everything the page complained of; a test ends with none of it. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(error.message));
  return found;
}

async function bytesOf(download: Promise<Download>): Promise<Uint8Array> {
  return new Uint8Array(readFileSync(await (await download).path()));
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });

/** Opens a link and runs its trace: settings that are not the preset are filled in, and wait for a click. */
async function trace(page: Page, address: string) {
  await page.goto(address);
  await button(page, "Trace").click({ timeout: 120_000 });
}

/** Waits for the page to be traced: three heatmaps and the probabilities. */
async function traced(page: Page) {
  await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
  await expect(button(page, "Download attn as npz")).toBeVisible({ timeout: 120_000 });
}

test("load, trace, rewrite, score, toggle, download, and come back by the address", async ({
  page,
  context,
}) => {
  const complained = complaints(page);
  await trace(page, `/#${small}`);
  await traced(page);
  expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  await expect(page.getByText("toy", { exact: true })).toBeVisible();
  await expect(page.getByRole("grid")).toHaveCount(3);
  expect(await serious(page)).toEqual([]);

  const npz = page.waitForEvent("download");
  await button(page, "Download state as npz").click();
  const arrays = readNpz(await bytesOf(npz));
  expect(arrays.scores.shape).toEqual([arrays.input_ids.shape[0], layers]);
  const svg = page.waitForEvent("download");
  await button(page, "Download mlp as SVG").click();
  expect(new TextDecoder().decode(await bytesOf(svg))).toContain("Impact of restoring MLP");
  const png = page.waitForEvent("download");
  await button(page, "Download attn as PNG").click();
  expect([...(await bytesOf(png)).slice(1, 4)]).toEqual([0x50, 0x4e, 0x47]);

  await button(page, "Rewrite").click();
  await expect(page.getByText("Greedy continuation")).toBeVisible({ timeout: 120_000 });
  const efficacy = page.getByRole("row", { name: /^Efficacy/ });
  await expect(efficacy).toContainText("0.0 %");
  await expect(efficacy).toContainText("100.0 %");
  await expect(page.getByText("With 1 edit")).toBeVisible();
  expect(await serious(page)).toEqual([]);

  const file = page.waitForEvent("download");
  await button(page, /^Delta/).click();
  const delta = readDelta(await bytesOf(file));
  expect(delta.provenance).toMatchObject({ model: "demo", method: "rome" });
  const zip = page.waitForEvent("download");
  await button(page, /^PEFT zip/).click();
  const adapter = readAdapterZip(await bytesOf(zip));
  expect(factorsOf(adapter.weights[0]).u).toEqual(factorsOf(delta.weights[0]).u);
  const json = page.waitForEvent("download");
  await button(page, /^Recipe/).click();
  const recipe = readRecipe(new TextDecoder().decode(await bytesOf(json)));
  expect(recipe.contexts.length).toBeGreaterThan(1);

  await page.getByRole("switch").click();
  await expect(page.getByText("With 1 edit")).toBeHidden();
  await expect(page.getByRole("columnheader", { name: "after" })).toHaveCount(0, {
    timeout: 60_000,
  });
  await page.getByRole("switch").click();
  await expect(page.getByText("With 1 edit")).toBeVisible();

  // The same view in another window, and the edit that this browser kept.
  const address = page.url();
  const other = await context.newPage();
  const alsoComplained = complaints(other);
  await trace(other, address);
  await traced(other);
  await expect(other.getByLabel("Prompt, up to its answer")).toHaveValue(
    await page.getByLabel("Prompt, up to its answer").inputValue(),
  );
  await expect(other.getByLabel("Samples", { exact: true })).toHaveValue("2");
  await expect(other.getByText(/^Traced on demo .* with one edit, .*, switched on/)).toBeVisible();
  await expect(other.getByText("With 1 edit")).toBeVisible();
  expect([...complained, ...alsoComplained]).toEqual([]);
});

test("bad input is answered with a sentence, and the page stays usable", async ({ page }) => {
  const complained = complaints(page);
  await trace(page, `/#${small}&kinds=state`);
  await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
  const alert = (text: string | RegExp) => page.getByRole("alert").filter({ hasText: text });
  const prompt = page.getByLabel("Prompt, up to its answer");
  const subject = page.getByRole("textbox", { name: "Subject" });
  const words = await prompt.inputValue();
  const name = await subject.inputValue();

  await subject.fill("Big Ben");
  await expect(alert(/subject “Big Ben” is not in the prompt/i)).toBeVisible();
  await button(page, "Trace").click();
  await expect(alert(/is not in the prompt/i)).toHaveCount(2);
  await prompt.fill("");
  await expect(alert(/the prompt is empty/i).first()).toBeVisible();
  await prompt.fill("Paris, like Paris, is a city in");
  await subject.fill("Paris");
  await expect(page.getByText(/there 2 times; number 1 is marked/)).toBeVisible();
  await prompt.fill(`Paris ${"is a city and ".repeat(60)}`);
  await expect(alert(/tokens/).first()).toBeVisible();

  await prompt.fill(words);
  await subject.fill(name);
  await page.getByLabel("New target").fill("  ");
  await button(page, "Rewrite").click();
  await expect(alert(/no new target/i)).toBeVisible();
  await page.getByLabel("New target").fill("Paris");
  await page.getByLabel("Layer", { exact: true }).fill("52");
  await button(page, "Rewrite").click();
  await expect(alert(`Invalid layer: 52 (this model has 0–${layers - 1}).`)).toBeVisible();
  await page.getByLabel("Samples", { exact: true }).fill("many");
  await button(page, "Trace").click();
  await expect(alert(/invalid samples: many/i)).toBeVisible();
  await page
    .getByLabel("Import a delta…")
    .setInputFiles({ name: "notes.safetensors", mimeType: "", buffer: Buffer.from("no") });
  await expect(alert(/notes\.safetensors/i)).toBeVisible();
  expect(complained).toEqual([]);

  await button(page, "Open a model…").click();
  await page.getByLabel("Hub id or web address").fill(new URL("/no/such/model", page.url()).href);
  await button(page, "Look at it").click();
  await expect(alert(/config\.json is missing/)).toBeVisible();
  await button(page, "Close").click();
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible();

  // Everything typed is still there, and works.
  await page.getByLabel("Samples", { exact: true }).fill("2");
  await button(page, "Trace").click();
  await expect(alert(/samples/i)).toHaveCount(0);
  await expect(page.getByLabel("Layer", { exact: true })).toHaveValue("52");
});

test("a worker that dies is started again, with the edits", async ({ page }) => {
  await trace(page, `/#${small}&kinds=state&rome.steps=2&rome.contexts=`);
  await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
  await button(page, "Rewrite").click();
  await expect(page.getByText("With 1 edit")).toBeVisible({ timeout: 120_000 });
  const [worker] = page.workers();
  await worker.evaluate("self.close()").catch(() => undefined);
  await expect(page.getByText(/the worker that holds the model stopped/i)).toBeVisible();
  await expect(page.getByText("With 1 edit")).toBeVisible({ timeout: 60_000 });
  await page.getByRole("switch").click();
  await expect(page.getByText("With 1 edit")).toBeHidden({ timeout: 60_000 });
});

test("a model from a folder of this computer, with the keyboard alone", async ({ page }) => {
  // As in a browser that has no showDirectoryPicker; with it, see models.e2e.ts.
  await page.addInitScript("delete window.showDirectoryPicker");
  await page.goto(`/#${small}&kinds=none`);
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible();
  await button(page, "Open a model…").focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Choose a folder…").setInputFiles("test/golden/checkpoints/tiny-gpt2");
  await expect(page.getByRole("table", { name: "Memory by precision" })).toBeVisible({
    timeout: 60_000,
  });
  await button(page, "Open").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden({ timeout: 60_000 });
  await expect(page.getByText("tiny-gpt2", { exact: true })).toBeVisible();
  await page.getByLabel("Prompt, up to its answer").focus();
  await page.keyboard.press("Control+Home");
  for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Subject" })).toHaveValue("The");
});

for (const width of [360, 900, 1600]) {
  test(`nothing is cut off at ${width} pixels, light or dark`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: width === 900 ? "dark" : "light" });
    await trace(page, `/#${small}&kinds=state`);
    await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(wide).toBeLessThanOrEqual(0);
    expect(await serious(page)).toEqual([]);
  });
}

test("a long trace is cancelled, and the page answers at once", async ({ page }) => {
  await trace(page, `/#${small}&kinds=state`);
  await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
  await page.getByLabel("Samples", { exact: true }).fill("100");
  await button(page, "Trace").click();
  const progress = page.getByRole("progressbar", { name: /tracing/ });
  await expect(progress).toBeVisible();
  await page.getByLabel("Prompt, up to its answer").fill("The Space Needle is in");
  await expect(page.getByText("7 tokens, as the model sees them")).toBeVisible();
  await expect(progress).toBeVisible();
  await button(page, "Cancel").click();
  await expect(progress).toBeHidden();
  await expect(page.getByText(/Of another run/)).toBeVisible();
  await page.getByLabel("Samples", { exact: true }).fill("1");
  await button(page, "Trace").click();
  await expect(page.getByText(/Traced on demo .* one sample/)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/Of another run/)).toBeHidden();
});
