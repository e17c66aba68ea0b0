import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { studies } from "../../src/studies/studies.ts";
import { call } from "../support/call.ts";

const text = readFileSync("docs/terminal.md", "utf8");
const helps = [["--help"], ...studies.map(({ name }) => ["study", name, "--help"])];

test.for(helps)("docs/terminal.md has every command and option of %s %s", async (args) => {
  const { out } = await call(...args);
  const commands = Array.from(out.matchAll(/^ {2}([a-z]+) (?:NAME|--)/gm), ([, name]) => name);
  const options = Array.from(out.matchAll(/--[a-z][a-z-]*/g), ([option]) => option);
  const named = [...commands, ...options].filter((name) => name !== "--help");
  const missing = named.filter((name) => !new RegExp(`${name}(?![a-z-])`).test(text));
  expect([...new Set(missing)]).toEqual([]);
});
