import { expect, test } from "vitest";
import { killPages } from "../../../scripts/kills/killPages.mjs";
import { PageBrowser } from "../../../scripts/kills/PageBrowser.mjs";

// 50 kills: npm run kills:page.
test.skipIf(!PageBrowser.isThere)(
  "a browser that is killed while it writes leaves nothing in part and loses nothing that was kept",
  { timeout: 240_000 },
  async () => {
    const found = await killPages({ kills: 3, seed: 2 });
    expect(found.map(({ name, faults }) => [name, faults])).toEqual(
      ["statistics", "collection", "edits", "states", "rows", "models"].map((name) => [name, []]),
    );
    expect(found.every(({ during }) => during > 0)).toBe(true);
  },
);
