import { expect, test } from "vitest";
import { shortcutOf, shortcuts } from "../../../src/ui/place/shortcuts.ts";

const pressed = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  defaultPrevented: false,
  ...more,
});

test("every key has one meaning", () => {
  const keys = shortcuts.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a key is a shortcut where nothing is typed, and the browser's own are left to it", () => {
  expect(shortcutOf(pressed("t"), false)?.does).toBe("Trace");
  expect(shortcutOf(pressed("t"), true)).toBeUndefined();
  for (const modifier of ["ctrlKey", "metaKey", "altKey", "defaultPrevented"])
    expect(shortcutOf(pressed("t", { [modifier]: true }), false)).toBeUndefined();
  expect(shortcutOf(pressed("q"), false)).toBeUndefined();
});
