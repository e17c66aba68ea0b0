import { expect, test, type Page } from "@playwright/test";

test.setTimeout(300_000);
const patience = { timeout: 150_000 };

const open = async (page: Page) => {
  await page.goto("/#trace.samples=1&kinds=&rome.steps=2&rome.contexts=");
  await expect(page.getByText("Built-in model", { exact: true }).first()).toBeVisible(patience);
  await expect(page.getByRole("button", { name: "Rewrite", exact: true })).toBeEnabled(patience);
};

test("two tabs with one model are told of each other's edits, and none is lost", async ({
  context,
}) => {
  const [one, two] = [await context.newPage(), await context.newPage()];
  await open(one);
  await open(two);
  await one.getByRole("button", { name: "Rewrite", exact: true }).click();
  await expect(one.getByText("With 1 edit")).toBeVisible(patience);
  await expect(two.getByText(/another tab has made one edit/i)).toBeVisible(patience);
  await expect(two.getByRole("switch")).not.toBeChecked();
  await two.getByRole("button", { name: "Rewrite", exact: true }).click();
  await expect(two.getByText("With 1 edit")).toBeVisible(patience);
  await expect(one.getByRole("switch")).toHaveCount(2, patience);

  await one
    .getByRole("button", { name: /^Remove/ })
    .last()
    .click();
  await expect(two.getByText(/another tab has removed one edit/i)).toBeVisible(patience);
  await two.getByRole("button", { name: "Undo" }).click();
  await expect(two.getByRole("switch")).toHaveCount(2);
  await one.close();
  await two.reload();
  await expect(two.getByRole("switch")).toHaveCount(2, patience);
});
