import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { serious } from "./serious.ts";
import { expect, test } from "./page.ts";

interface Fact {
  subject: string;
  prompt: string;
  newTargets: string[];
  target: string;
}
const { facts } = JSON.parse(readFileSync("public/facts.json", "utf8")) as { facts: Fact[] };

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });
const go = (page: Page, place: string) =>
  page
    .getByRole("navigation", { name: "Places" })
    .getByRole("link", { name: new RegExp(`^${place}( \\d+)?$`) })
    .click();

/** What the terminal says of a prompt with an edit's file: p by token. */
function inTerminal(prompt: string, delta: string): Map<string, number> {
  const asked = ["predict", "--model", "demo", "--prompt", prompt, "--delta", delta, "--json"];
  const call = spawnSync("node", ["scripts/palimpsest.mjs", ...asked], { encoding: "utf8" });
  const { stdout, stderr, status } = call;
  // The first call may say on standard error that it builds the program.
  expect(status, stderr).toBe(0);
  const { predictions } = JSON.parse(stdout) as {
    predictions: { token: string; probability: number }[];
  };
  return new Map(predictions.map(({ token, probability }) => [token.trim(), probability]));
}

/** The likeliest token with the edit, and its p as the page writes it. */
async function withEdit(page: Page): Promise<{ token: string; p: string }> {
  const row = page.getByRole("table", { name: "With 1 edit" }).getByRole("row").nth(1);
  const token = await row.getByRole("rowheader").innerText();
  return { token, p: await row.getByRole("cell").innerText() };
}

test("an own sentence is traced, rewritten, checked, taken home in part and opened in the terminal", async ({
  page,
}) => {
  const prompt = "Marie Curie was born in the city of";
  await page.goto("/#/fact?kinds=state&trace.samples=2&rome.steps=8&rome.contexts=");
  await page.getByLabel("Prompt, up to its answer").fill(prompt);
  await page.getByRole("textbox", { name: "Subject" }).fill("Marie Curie");
  await button(page, "Trace").click({ timeout: 120_000 });
  await expect(page.getByText("p corrupted")).toBeVisible({ timeout: 120_000 });
  await page.getByLabel("New target").fill("London");
  await button(page, "Rewrite").click();
  await expect(page.getByText("Greedy continuation")).toBeVisible({ timeout: 120_000 });
  await expect(page.getByRole("row", { name: /^Efficacy/ })).toContainText("100.0 %");
  // Nothing of the example that stood there before.
  await expect(page.getByRole("row", { name: /^(Paraphrase|Neighbo)/ })).toHaveCount(0);
  const edit = page.getByRole("listitem").filter({ hasText: "Marie Curie was born" });
  await expect(edit.locator("s")).toHaveText("Poland");

  await go(page, "Edits");
  await page.getByRole("slider", { name: /^Strength/ }).fill("0.9");
  await expect(page.getByText("× 0.9")).toBeVisible();
  const file = page.waitForEvent("download");
  await button(page, /^Delta/).click();
  const delta = await (await file).path();
  await go(page, "Fact");
  const { token, p } = await withEdit(page);
  const there = inTerminal(prompt, delta).get(token)!;
  expect(token).toBe("London");
  expect(Math.abs(there - Number(p))).toBeLessThan(0.0011);
});

/** A spreadsheet of forty facts as it is copied, three of them with a mistake. */
function sheet(): string {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const { prompt, subject, newTargets, target } = facts[i * 12];
    return [prompt, subject, newTargets[0], target, i === 0 ? `${subject} lies in` : ""];
  });
  rows[4][1] = "";
  rows[11][0] = rows[11][0].replace("{}", "it");
  rows[20][2] = "";
  return [["prompt", "subject", "target", "true answer", "paraphrase 1"], ...rows]
    .map((cells) => cells.join("\t"))
    .join("\n");
}

const rows = (page: Page) => page.getByRole("grid", { name: "Facts" }).getByRole("row");

/** Pastes the spreadsheet and repairs it in place. */
async function repaired(page: Page) {
  await page.getByLabel(/^Paste rows/).fill(sheet());
  await button(page, "Read the table").click();
  await expect(page.getByText(/^3 rows have mistakes/)).toBeVisible({ timeout: 60_000 });
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
}

test("a spreadsheet of forty facts with three mistakes is repaired, written with the browser closed in the middle, and scored", async ({
  playwright,
  launchOptions,
  baseURL,
}, info) => {
  test.setTimeout(400_000);
  const profile = info.outputPath("profile");
  const visit = async () => {
    const options = { ...launchOptions, headless: false, baseURL: baseURL!, acceptDownloads: true };
    const browser = await playwright.chromium.launchPersistentContext(profile, options);
    const page = browser.pages()[0];
    await page.goto("/#/facts?memit.steps=4");
    return { browser, page };
  };
  const first = await visit();
  await repaired(first.page);
  await button(first.page, "Write the 40 facts").click();
  const found = rows(first.page).filter({ hasText: /found in/ });
  await expect(found.first()).toBeVisible({ timeout: 120_000 });
  await first.browser.close();

  const { browser, page } = await visit();
  await expect(page.getByText("40 rows", { exact: false })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/have mistakes|has a mistake/)).toBeHidden();
  await button(page, "Write the 40 facts").click();
  await expect(rows(page).filter({ hasText: "from the cache" }).first()).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByText("40 of 40", { exact: true })).toBeVisible({ timeout: 170_000 });
  await expect(page.getByText(/perplexity of neutral text/).first()).toBeVisible();
  await expect(button(page, "Nothing to write")).toBeDisabled();

  for (const row of [2, 6]) await page.getByLabel(`Select row ${row}`, { exact: true }).check();
  await button(page, "Score the 2 selected").click();
  await expect(page.getByRole("row", { name: /^Efficacy/ })).toBeVisible({ timeout: 60_000 });
  await button(page, /^Ask which are known/).click();
  await expect(rows(page).filter({ hasText: "✓" }).first()).toBeVisible({ timeout: 60_000 });
  await button(page, "Select none").click();
  const file = page.waitForEvent("download");
  await button(page, /^CSV/).click();
  const lines = readFileSync(await (await file).path(), "utf8")
    .trim()
    .split("\n");
  expect(lines).toHaveLength(41);
  expect(lines[0]).toContain("p(target) after");
  await browser.close();
});
