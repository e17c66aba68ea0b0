import { expect, test } from "./page.ts";

test("the built-in model opens, and nobody but the page's own server is asked", async ({
  page,
  context,
  baseURL,
}) => {
  const asked: string[] = [];
  const read: string[] = [];
  context.on("request", (request) => {
    asked.push(request.url());
    if (request.method() === "GET") read.push(new URL(request.url()).pathname);
  });
  await page.goto("/#/facts");
  const opened = page.getByText("Built-in model", { exact: true });
  await expect(opened).toBeVisible({ timeout: 60_000 });
  expect(read.filter((path) => path.endsWith("/tokenizer.json"))).toHaveLength(1);
  const elsewhere = asked.filter((url) => !url.startsWith(baseURL!) && !url.startsWith("blob:"));
  expect(elsewhere).toEqual([]);
});
