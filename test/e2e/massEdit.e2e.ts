import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { layersOf } from "../../src/data/delta/delta.ts";
import { readDelta } from "../../src/data/delta/deltaFile.ts";
import { requestsOf } from "../../src/data/delta/provenance.ts";
import { readAdapterZip } from "../../src/data/delta/readAdapter.ts";
import { serious } from "./serious.ts";
import { expect, test } from "./page.ts";

interface Fact {
  subject: string;
  prompt: string;
  newTargets: string[];
  target: string;
}
const { facts } = JSON.parse(
  readFileSync(new URL("../../public/facts.json", import.meta.url), "utf8"),
) as { facts: Fact[] };

const { n_layer: layers } = JSON.parse(
  readFileSync(new URL("../../public/models/demo/config.json", import.meta.url), "utf8"),
) as { n_layer: number };

/** Facts the built-in model knows, spread over its relations, each with a false answer. */
const table = [
  "prompt,subject,target",
  ...Array.from({ length: 10 }, (_, i) => {
    const { prompt, subject, newTargets } = facts[i * 47];
    return [prompt, subject, newTargets[0]].map((text) => JSON.stringify(text)).join(",");
  }),
].join("\n");

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });
const go = (page: Page, place: string) =>
  page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: place }).click();
const rows = (page: Page) => page.getByRole("grid", { name: "Facts" }).getByRole("row");
const inStage = (page: Page, stage: string | RegExp) => rows(page).filter({ hasText: stage });

/** The page on many facts, by a link of before they had a place. */
async function open(page: Page) {
  await page.goto("/#many=1&kinds=none");
  await expect(page.getByText("Built-in model", { exact: true })).toBeVisible();
  await expect(button(page, "Read the table")).toBeVisible({ timeout: 60_000 });
}

async function paste(page: Page) {
  await page.getByLabel(/^Paste rows/).fill(table);
  await button(page, "Read the table").click();
  await expect(rows(page)).toHaveCount(11);
}

test("ten facts are written at once, recalled, scored, downloaded and undone", async ({ page }) => {
  const complained: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complained.push(message.text());
  });
  page.on("pageerror", (error) => complained.push(error.message));
  await open(page);
  await paste(page);
  await button(page, /^Write the \d+ (other )?facts$/).click();
  await expect(page.getByText("10 of 10", { exact: true })).toBeVisible({ timeout: 150_000 });
  await expect(page.getByRole("gridcell", { name: "written", exact: true })).toHaveCount(10);
  expect(await inStage(page, "✓").count()).toBeGreaterThanOrEqual(9);
  expect(await serious(page)).toEqual([]);

  await button(page, "Score the whole set").click();
  const greedy = page.getByRole("row", { name: /^Greedy text says the target/ });
  await expect(greedy).toContainText(/(90|100)\.0 %$/, { timeout: 60_000 });

  await go(page, "Edits");
  const file = page.waitForEvent("download");
  await button(page, /^Delta/).click();
  const delta = readDelta(new Uint8Array(readFileSync(await (await file).path())));
  expect(requestsOf(delta)).toHaveLength(10);
  const zip = page.waitForEvent("download");
  await button(page, /^PEFT zip/).click();
  const adapter = readAdapterZip(new Uint8Array(readFileSync(await (await zip).path())));
  expect(layersOf(adapter)).toEqual(layersOf(delta));

  await button(page, "Undo").click();
  await expect(page.getByText(/Nothing is overwritten yet/)).toBeVisible();
  expect(complained.filter((text) => !/nothing to trace/i.test(text))).toEqual([]);
});

test("what is found is kept when a run is stopped, and after a reload it goes on from there", async ({
  page,
}) => {
  await open(page);
  await paste(page);
  await button(page, /^Write the \d+ (other )?facts$/).click();
  await expect(inStage(page, /found in/).first()).toBeVisible({ timeout: 120_000 });
  await button(page, "Stop and keep what is found").click();
  await expect(page.getByText(/^\d+ of 10$/)).toBeVisible({ timeout: 60_000 });
  const written = await page.getByRole("gridcell", { name: "written", exact: true }).count();
  expect(written).toBeGreaterThan(0);
  await go(page, "Edits");
  await button(page, "Undo").click();
  await expect(page.getByText(/Nothing is overwritten yet/)).toBeVisible();
  await go(page, "Facts");

  await page.reload();
  await expect(rows(page)).toHaveCount(11, { timeout: 60_000 });
  await button(page, /^Write the \d+ (other )?facts$/).click();
  await expect(inStage(page, "from the cache").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("10 of 10", { exact: true })).toBeVisible({ timeout: 150_000 });
});

for (const [width, colorScheme] of [
  [360, "dark"],
  [1600, "light"],
] as const) {
  test(`the table fits at ${width} pixels, ${colorScheme}`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    // The built-in model comes with those of all its layers: here it lacks them.
    await page.context().route(/\/stats\//, (route) => route.fulfill({ status: 404 }));
    await open(page);
    await paste(page);
    await page.getByRole("textbox", { name: "Layers" }).fill(`${layers - 2}, ${layers - 1}`);
    await expect(page.getByText(/No covariance statistics of layers/)).toBeVisible();
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(wide).toBeLessThanOrEqual(0);
    expect(await serious(page)).toEqual([]);
  });
}
