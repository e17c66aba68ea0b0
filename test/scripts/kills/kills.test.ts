import { expect, test } from "vitest";
import { killRuns } from "../../../scripts/kills/kills.mjs";
import { kinds } from "../../../scripts/kills/kinds.mjs";

// All of them, and 50 kills: npm run kills.
const few = ["edit --out", "stats --checkpoint"];

test(
  "a run that is killed in the middle of a write leaves the old file or the new one, and the next run ends as if nothing had been",
  { timeout: 120_000 },
  async () => {
    const some = kinds.filter(({ name }) => few.some((begin) => name.startsWith(begin)));
    const found = await killRuns({ kinds: some, kills: 2, seed: 3 });
    expect(found.map(({ kills, faults }) => ({ kills, faults }))).toEqual(
      Array.from(few, () => ({ kills: 1, faults: [] })),
    );
  },
);
