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

/** A spreadsheet of forty facts as it is copied, three of them with a mistake. */
function sheet(): string {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const { prompt, subject, newTargets, target } = facts[i * 12];
    return [prompt, subject, newTargets[0], target];
  });
  rows[4][1] = "";
  rows[11][0] = rows[11][0].replace("{}", "it");
  rows[20][2] = "";
  return [["prompt", "subject", "target", "true answer"], ...rows]
    .map((cells) => cells.join("\t"))
    .join("\n");
}

test("a spreadsheet of forty facts with three mistakes is repaired, stays, and some of it is written and scored", async ({
  page,
}) => {
  await open(page);
  await page.getByLabel(/^Paste rows/).fill(sheet());
  await button(page, "Read the table").click();
  await expect(page.getByText(/^3 rows have mistakes/)).toBeVisible();
  expect(await serious(page)).toEqual([]);
  const typed = [
    ["Subject", facts[48].subject],
    ["Prompt, with {} or the subject in it", facts[132].prompt],
    ["Target", facts[240].newTargets[0]],
  ];
  for (const [label, text] of typed) {
    await button(page, "Repair").click();
    await page.getByRole("textbox", { name: label, exact: true }).fill(text);
    await page.keyboard.press("Enter");
  }
  await expect(page.getByText(/have mistakes|has a mistake/)).toBeHidden();
  await page.reload();
  await expect(page.getByText("40 rows", { exact: false })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/have mistakes|has a mistake/)).toBeHidden();
  await button(page, /^Ask which are known/).click();
  await expect(rows(page).filter({ hasText: "✓" }).first()).toBeVisible({ timeout: 60_000 });

  for (const row of [2, 6]) await page.getByLabel(`Select row ${row}`, { exact: true }).check();
  await button(page, "Write the 2 selected facts").click();
  await expect(page.getByText("2 of 2", { exact: true })).toBeVisible({ timeout: 150_000 });
  await expect(page.getByText(/perplexity of neutral text/).first()).toBeVisible();
  await expect(button(page, "Nothing to write")).toBeDisabled();
  await button(page, "Score the 2 selected").click();
  await expect(page.getByRole("row", { name: /^Efficacy/ })).toBeVisible({ timeout: 60_000 });
  await button(page, "Select none").click();
  await expect(button(page, "Write the 38 other facts")).toBeEnabled();

  const file = page.waitForEvent("download");
  await button(page, /^CSV/).click();
  const lines = readFileSync(await (await file).path(), "utf8")
    .trim()
    .split("\n");
  expect(lines).toHaveLength(41);
  expect(lines[0]).toContain("p(target) after");
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
