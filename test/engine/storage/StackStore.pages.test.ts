import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PageBrowser } from "../../../scripts/kills/PageBrowser.mjs";
import type { Profile } from "../../support/engine/killedPage.ts";

const there = PageBrowser.isThere;
let browser: PageBrowser;
beforeAll(async () => {
  if (!there) return;
  browser = await PageBrowser.open("test/support/engine/killedPage.ts");
  await browser.launch();
}, 60_000);
afterAll(() => browser?.close());

const keep = (page: Page, id: string, bytes: number) =>
  page.evaluate(([id, bytes]) => (window as unknown as Profile).profile.keep(id, bytes), [
    id,
    bytes,
  ] as const);

// First: Chromium asks for the quota seldom, and this one must be known before anything is written.
test.skipIf(!there)(
  "on a disk of 600 kB what is too large is held until the page closes, that is said, and what was kept stays",
  async () => {
    const page: Page = await browser.tab();
    const session = await page.context().newCDPSession(page);
    const quota = { origin: browser.origin, quotaSize: 600 * 1024 };
    await session.send("Storage.overrideQuotaForOrigin", quota);
    const full = /storage (for this page )?is full/;
    expect((await keep(page, "before", 1000)).trouble).toBeNull();
    const large = await keep(page, "large", 900_000);
    expect(large.trouble).toMatch(full);
    expect(large.places).toContain("large");
    const state = await page.evaluate(() =>
      (window as unknown as Profile).profile.state("z", 900_000),
    );
    expect([state.trouble, state.there]).toEqual([expect.stringMatching(full), true]);
    const matrix = await page.evaluate(() => (window as unknown as Profile).profile.matrix(700));
    expect([matrix.trouble, matrix.there]).toEqual([expect.stringMatching(full), true]);

    // There is room again: the next time it is kept.
    await session.send("Storage.overrideQuotaForOrigin", { origin: browser.origin });
    expect((await keep(page, "large", 900_000)).trouble).toBeNull();
    await page.close();
    const later: Page = await browser.tab();
    const { places } = await keep(later, "later", 1000);
    expect(places).toEqual(["before", "large", "later"]);
    await later.close();
  },
);

test.skipIf(!there)("two tabs that keep edits at once keep those of both", async () => {
  const [one, two]: Page[] = await Promise.all([browser.tab(), browser.tab()]);
  const ids = Array.from({ length: 12 }, (_, i) => `edit ${i}`);
  await Promise.all(ids.map((id, i) => keep(i % 2 ? one : two, id, 1000)));
  const { places } = await keep(one, "the last", 1000);
  for (const id of ids) expect(places).toContain(id);
  await Promise.all([one.close(), two.close()]);
});
