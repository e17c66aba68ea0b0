import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellOption, shellWord } from "../../../src/data/run/shellWord.ts";

/** The arguments that a POSIX shell makes of these words. */
const read = (words: string) =>
  execFileSync("sh", ["-c", `printf '%s\\000' ${words}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

const texts = [
  "The Space Needle",
  "it's $HOME `id` $(id) \\ \" ! * ? ~ # ; & | < >",
  "",
  " ends in a space ",
  "Škoda 東京 🗼 👩‍🚀",
  "two\nlines\n",
  "\u001b[201~; echo bad\r",
  "\u202Eleft\u2066 \u00ad\u007f\u0085\u2028",
  "'",
  "-rf",
];

test.for(texts)("a shell reads %j as it was", (text) => {
  expect(read(shellWord(text))).toEqual([text]);
});

test("what a terminal could obey when it is pasted is not in the command", () => {
  for (const text of texts) expect(shellWord(text)).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
});

test("plain words stand as they are, and a value that looks like an option is joined to its own", () => {
  expect(shellWord("public/facts-1.json")).toBe("public/facts-1.json");
  expect(shellOption("seed", 1)).toBe("--seed 1");
  expect(shellOption("prompt", "-1 is a")).toBe("--prompt='-1 is a'");
  expect(read(shellOption("prompt", "-1 is a"))).toEqual(["--prompt=-1 is a"]);
});

test("a text that no argument can hold is refused", () => {
  expect(() => shellWord("a\0b")).toThrow("NUL");
});
