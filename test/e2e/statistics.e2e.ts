import { readdirSync, readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { blobSource } from "../../src/data/archive/npzStream.ts";
import { readNpz } from "../../src/data/archive/npz.ts";
import { readStatistics } from "../../src/methods/statistics/statisticsFile.ts";
import { serious } from "./serious.ts";
import { expect, test } from "./page.ts";

const { n_inner, n_embd } = JSON.parse(readFileSync("public/models/demo/config.json", "utf8")) as {
  n_inner: number | null;
  n_embd: number;
};
const dMlp = n_inner ?? 4 * n_embd;
const twice = (2 * dMlp).toLocaleString("en");

const shipped = `public/models/demo/stats/${readdirSync("public/models/demo/stats").find((name) => name.endsWith(".npz"))!}`;

// On a busy machine WebAssembly reads but some hundred keys a second.
test.setTimeout(420_000);
const patience = { timeout: 150_000 };

/** Opens the page, untraced, and its statistics, when no other job is in their way. */
async function open(page: Page): Promise<Locator> {
  await page.goto("/#trace.samples=1&kinds=state");
  await page.getByRole("link", { name: "Covariance statistics" }).click(patience);
  const section = page.getByRole("region", { name: "Covariance statistics" });
  await expect(section.getByText("shipped with the model")).toBeVisible(patience);
  return section;
}

const entry = (section: Locator, layer: number) =>
  section.getByRole("listitem").filter({ hasText: `Layer ${layer}` });

test("statistics are imported, used, exported and deleted, and outlive the page", async ({
  page,
}) => {
  const section = await open(page);
  expect(await serious(page)).toEqual([]);
  const form = section.getByRole("form", { name: "Import statistics" });
  await form.getByLabel("Layer").fill("3");
  await form.getByLabel("From a file…").setInputFiles("test/data/fixtures/moment_stored.npz");
  await expect(section.getByRole("alert")).toContainText(
    `these statistics are of keys with 40 numbers, but this model's have ${dMlp}; take those of this model`,
    patience,
  );
  await form.getByLabel("From a file…").setInputFiles(shipped);
  await expect(section.getByRole("alert")).toContainText("is of layer 0, not of layer 3", patience);
  await form.getByLabel("Layer").fill("abc");
  const unnamed = { name: "C.npz", mimeType: "", buffer: readFileSync(shipped) };
  await form.getByLabel("From a file…").setInputFiles(unnamed);
  await expect(section.getByRole("alert")).toContainText("Invalid layer: abc", patience);
  await form.getByLabel("Layer").fill("3");
  await form.getByLabel("From a file…").setInputFiles(unnamed);
  await expect(entry(section, 3)).toContainText("in use", patience);
  await expect(entry(section, 3)).toContainText("Effective rank");
  await expect(entry(section, 3)).toContainText("Condition");
  await expect(section.getByText(/promise/)).toBeVisible();

  await page.reload();
  const again = await open(page);
  await expect(entry(again, 3)).toContainText("keys");
  const saved = page.waitForEvent("download");
  await again.getByRole("button", { name: /^Export .npz of layer 3/ }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^transformer\.h\.3\.mlp\.c_proj_float32_mom2/);
  const exported = readNpz(new Uint8Array(readFileSync(await download.path())));
  const about = { layer: 3, source: "shipped", dMlp };
  const original = await readStatistics(blobSource(new Blob([readFileSync(shipped)])), about);
  expect(Number(exported["mom2.count"].data[0])).toBe(original.count);
  const sum = original.sum.dense();
  const largest = sum.reduce((most, x) => Math.max(most, x), 0);
  const differs = (exported["mom2.mom2"].data as Float32Array).findIndex(
    (x, i) => Math.abs(x - sum[i]) > 1e-6 * largest, // of each pair the lower one is kept
  );
  expect(differs).toBe(-1);

  await again.getByRole("button", { name: /^Delete layer 3/ }).click();
  await again.getByRole("button", { name: /^Really delete layer 3/ }).click();
  await expect(entry(again, 3)).toHaveCount(0);
});

test("a collection is paused, survives a reload, goes on and is kept", async ({ page }) => {
  const section = await open(page);
  const form = section.getByRole("form", { name: "Collect statistics" });
  const text = Array.from({ length: 700 }, (_, i) => `Town ${i} is in the region of ${i % 17}.`);
  await form.getByLabel("Layers").fill("1, 2");
  await form.getByLabel("Text", { exact: true }).selectOption("paste");
  // As a paste does; typing takes Chromium seconds.
  await form.getByLabel("The text").evaluate((area: HTMLTextAreaElement, pasted) => {
    area.value = pasted;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }, text.join("\n"));
  await form.getByLabel("Multiple of dMlp").fill("2");
  await form.getByRole("button", { name: "Collect" }).click();
  await expect(form.getByText(` of ${twice} keys`)).toBeVisible(patience);
  await form.getByRole("button", { name: "Pause" }).click();
  await expect(form.getByText(/over layers\s+1, 2 stands at/)).toBeVisible(patience);

  await page.reload();
  const again = await open(page);
  await expect(again.getByText(/pasted text over layers\s+1, 2 stands at/)).toBeVisible(patience);
  await again.getByRole("button", { name: "Go on" }).click();
  await expect(entry(again, 2)).toContainText(`${twice} keys, 2 × dMlp`, patience);
  await expect(entry(again, 1)).toContainText(`${twice} keys, 2 × dMlp`);
  await expect(again.getByText(/stands at/)).toHaveCount(0);
  expect(await serious(page)).toEqual([]);
});
