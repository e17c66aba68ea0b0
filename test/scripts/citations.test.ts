import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { badCitations, badLinks, badQuotes, faults, sectionsOf } from "../../scripts/citations.mjs";
import { folderTest } from "../support/call.ts";

const sections = sectionsOf(
  "# Title\n\n## 4. ROME\n\n### 4.5 Right vector\n\n### 4.6 Update\n\n## Appendix A. Random numbers\n",
);
/** A comment that cites something; put together here, so that this file cites nothing. */
const citing = (what: string) => `/** A docstring (${["METHODS", what].join(" ")}). */`;
const missing = (text: string): string[] => badCitations(text, sections);

test("sections are headings of the second and third level", () => {
  expect([...sections]).toEqual(["4", "4.5", "4.6", "appendix A"]);
});

test.for([
  "4",
  "4.5",
  "section 4",
  "4.5, appendix A",
  "4.5 and 4.6",
  "4, 4.5–4.6",
  "4.5; ROME eq. 4",
])("a comment may cite %s", (what) => expect(missing(citing(what))).toEqual([]));

test.for([
  ["4.9", ["4.9"]],
  ["4.50", ["4.50"]],
  ["section 13", ["13"]],
  ["4.5, 13.1", ["13.1"]],
  ["4.5 to 4.8", ["4.8"]],
  ["appendix B", ["appendix B"]],
  ["4.5\n * and 4.7", ["4.7"]],
] as const)("a made-up citation is found: %s", ([what, wrong]) => {
  expect(missing(citing(what))).toEqual(
    wrong.map((section) => `cites METHODS ${section}, which docs/methods.md does not have`),
  );
});

test("a document that is not in the repository is no source", () => {
  const words = ["DESIGN", "section 3"].join(" ");
  expect(missing(`// See ${words}.`)).toEqual([
    `cites ${words}, a document that is not in the repository`,
  ]);
});

folderTest("links and paths of a document lead somewhere", async ({ folder }) => {
  await mkdir(join(folder, "docs"));
  await writeFile(join(folder, "docs", "there.md"), "");
  const text =
    "[a](there.md#part) [b](gone.md) [c](https://example.org/x) `src/engine/Model.ts` `src/gone.ts`";
  expect(badLinks(text, join(folder, "docs"))).toEqual([
    "links to gone.md, which is not there",
    "names src/gone.ts, which is not there",
  ]);
});

test("code that a document quotes is what its file says", () => {
  const quote = (path: string, code: string) => `Text.\n\n\`\`\`ts ${path}\n${code}\n\`\`\`\n`;
  const path = "src/engine/runtime/Stoppable.ts";
  const code = readFileSync(path, "utf8").trimEnd();
  expect(badQuotes(quote(path, code))).toEqual([]);
  expect(badQuotes(quote(path, `${code} // more`))).toEqual([
    `quotes ${path}, which does not say that`,
  ]);
  expect(badQuotes(quote("src/gone.ts", code))).toEqual([
    "quotes src/gone.ts, which does not say that",
  ]);
});

test("no comment and no document of the repository points at nothing", () => {
  expect(faults()).toEqual([]);
});
