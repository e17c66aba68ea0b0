/**
 * Finds what points at nothing: a comment that cites a section which docs/methods.md does not have
 * ("METHODS 4.5"), a link or a path of the repository in a document that leads nowhere, and code that a
 * document quotes from a file which has other code now.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./step.mjs";

const code = ["src", "workers", "test", "bench", "fuzz", "scripts", "tools", "eslint.config.js"];
const documents = ["README.md", "docs", "test", "tools", "public/models/demo"];

/** A document that comments name but that is not here. */
const elsewhere = /\b(DESIGN|PLATFORM|STYLE) (?:sections? )?\d\w*(?:\.\d+)*/g;
/** "METHODS 4.5", "METHODS.md 7.2 to 7.4", "METHODS section 4", "METHODS 3, appendix A". */
const citation =
  /\bMETHODS(?:\.md)? (?:sections? )?((?:\d+(?:\.\d+)*|appendix [A-Z])(?:(?:, | and |, and | to |–)(?:\d+(?:\.\d+)*|appendix [A-Z])(?![\w-]))*)/g;

/**
 * The sections of a document: "4", "4.5", "appendix A".
 *
 * @returns {Set<string>}
 */
export function sectionsOf(markdown) {
  const headings = markdown.matchAll(/^#{2,3} (?:(\d+(?:\.\d+)?)\.?|(Appendix [A-Z])\.?) /gm);
  return new Set(Array.from(headings, ([, number, letter]) => number ?? lowered(letter)));
}

/** What a text cites that is not there, a sentence each. */
export function badCitations(text, sections) {
  // A citation may be broken over two lines of a comment.
  const joined = text.replace(/\n\s*(?:\*|\/\/|#)?\s*/g, " ");
  const cited = Array.from(joined.matchAll(citation)).flatMap(([, list]) =>
    list.split(/, and |, | and | to |–/),
  );
  const missing = cited.filter((section) => !sections.has(section));
  const foreign = Array.from(joined.matchAll(elsewhere), ([words]) => words);
  return [
    ...missing.map((section) => `cites METHODS ${section}, which docs/methods.md does not have`),
    ...foreign.map((words) => `cites ${words}, a document that is not in the repository`),
  ];
}

/** The links and paths of a document that lead nowhere, a sentence each. */
export function badLinks(markdown, folder) {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  const links = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target);
  const local = links.filter((target) => !/^[a-z]+:|^#/.test(target));
  const broken = local.filter((target) => !existsSync(join(folder, target.split("#")[0])));
  // `src/engine/Model.ts` in running text: a path from the repository's root.
  const named = /`((?:src|workers|test|bench|fuzz|scripts|tools|docs|public)\/[\w./-]+)`/g;
  const paths = Array.from(prose.matchAll(named), ([, path]) => path);
  const lost = paths.filter((path) => !existsSync(join(root, path)));
  return [
    ...broken.map((target) => `links to ${target}, which is not there`),
    ...lost.map((path) => `names ${path}, which is not there`),
  ];
}

/** The blocks "```ts test/a/file.ts" of a document whose lines are not in that file, a sentence each. */
export function badQuotes(markdown) {
  const quotes = Array.from(markdown.matchAll(/^```\w+ (\S+\.\w+)\n([\s\S]*?)^```/gm));
  return quotes
    .filter(([, path, code]) => {
      const file = join(root, path);
      return !existsSync(file) || !readFileSync(file, "utf8").includes(code);
    })
    .map(([, path]) => `quotes ${path}, which does not say that`);
}

/** Every fault of the repository, with its file. */
export function faults() {
  const sections = sectionsOf(readFileSync(join(root, "docs/methods.md"), "utf8"));
  const found = (files, look) =>
    files.flatMap((file) =>
      look(readFileSync(file, "utf8"), file).map((fault) => `${relative(root, file)}: ${fault}`),
    );
  const sources = code.flatMap((path) => filesOf(path, /\.(ts|js|mjs|svelte|wgsl|py|md)$/));
  const texts = documents.flatMap((path) => filesOf(path, /\.md$/));
  return [
    ...found([...sources, ...filesOf("docs", /\.md$/)], (text) => badCitations(text, sections)),
    ...found(texts, (text, file) => badLinks(text, dirname(file))),
    ...found(texts, badQuotes),
  ];
}

const lowered = (heading) => heading.replace(/^A/, "a");

/** The files of a folder, or the file itself. */
function filesOf(path, pattern) {
  const whole = join(root, path);
  if (statSync(whole).isFile()) return [whole];
  return readdirSync(whole, { recursive: true })
    .filter((file) => pattern.test(file) && !file.includes("node_modules"))
    .map((file) => join(whole, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = faults();
  for (const fault of all) console.error(fault);
  process.exitCode = all.length > 0 ? 1 : 0;
}
