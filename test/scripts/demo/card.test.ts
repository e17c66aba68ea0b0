import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tables, writeCard } from "../../../scripts/demo/card.ts";

const effects = { subject: [0.1, 0.5, 0.2], last: [0, 0.1, 0.6] };
const trace = {
  facts: 100,
  sigma: 0.05,
  window: 3,
  layers: 3,
  highScore: 0.96,
  lowScore: 0.3,
  effects: { state: effects, mlp: effects, attn: effects },
};

test("a card's tables have what was measured, and nothing of what was not", () => {
  const recall = {
    lines: [{ name: "cases", n: 2000, greedy: 1980, p: 0.956 }],
    known: [],
    own: [],
  };
  const markdown = tables({ recall, trace });
  expect(markdown).toContain("| cases | 2,000 | 1,980 | 99.0 % | 0.96 |");
  expect(markdown).toContain("| MLP outputs | last subject token | 0.100 | **0.500** | 0.200 |");
  expect(markdown).toContain("p is 0.960 clean and 0.300 corrupted");
  expect(markdown).not.toMatch(/undefined|NaN|### ROME|### MEMIT/);
});

test("they take the place of the card's own, and its head stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "palimpsest-"));
  try {
    const path = join(folder, "README.md");
    await writeFile(path, "# Model\n\nAbout it.\n\n## Measured\n\nold numbers\n");
    await writeCard(path, tables({ trace }));
    const card = await readFile(path, "utf8");
    expect(card.startsWith("# Model\n\nAbout it.\n\n## Measured\n\nOn the shipped")).toBe(true);
    expect(card).not.toContain("old numbers");
  } finally {
    await rm(folder, { recursive: true });
  }
});
