import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { entryOf, glossary, papers } from "../../../src/ui/start/glossary.ts";

test("every word that a panel asks about has an entry", () => {
  const panels = readdirSync("src/ui", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".svelte"))
    .map((file) => readFileSync(`src/ui/${file}`, "utf8"));
  const lists = panels.flatMap((text) =>
    Array.from(text.matchAll(/<Words\s+words=\{(\[[^\]]*\])\}/g), ([, list]) => list),
  );
  const asked = lists.flatMap((list) =>
    Array.from(list.matchAll(/"([^"]+)"/g), ([, word]) => word),
  );
  expect(asked.length).toBeGreaterThan(8);
  for (const word of asked) expect(entryOf(word).text).not.toBe("");
  expect(() => entryOf("nonsense")).toThrow("the glossary has no “nonsense”");
});

test("an entry is one to three sentences, and no word stands twice", () => {
  expect(new Set(glossary.map(({ word }) => word)).size).toBe(glossary.length);
  for (const { text, word } of glossary) {
    expect(text, word).toMatch(/[.]$/);
    expect(text.length, word).toBeLessThan(300);
  }
  for (const { url } of Object.values(papers)) expect(url).toMatch(/^https:\/\/arxiv\.org\//);
});
