import { expect, test } from "vitest";
import { Theme } from "../../../src/ui/place/Theme.svelte.ts";

/** A system whose wish changes, and a store that may be blocked. */
function host({ dark = false, chosen = undefined as string | undefined, blocked = false } = {}) {
  const listeners: (() => void)[] = [];
  const kept = new Map(chosen ? [["theme", chosen]] : []);
  const deny = () => {
    throw new Error("site data is blocked");
  };
  const system = {
    matches: dark,
    addEventListener: (_: string, listener: () => void) => listeners.push(listener),
  };
  const shown: string[] = [];
  const theme = new Theme({
    dark: system as unknown as MediaQueryList,
    storage: {
      getItem: blocked ? deny : (key) => kept.get(key) ?? null,
      setItem: blocked ? deny : (key, value) => void kept.set(key, value),
      removeItem: blocked ? deny : (key) => void kept.delete(key),
    },
    show: (shade) => shown.push(shade),
  });
  const turn = (matches: boolean) => {
    system.matches = matches;
    for (const listener of listeners) listener();
  };
  return { theme, kept, shown, turn };
}

test("the page follows the system while it changes, until another shade is chosen", () => {
  const { theme, kept, shown, turn } = host();
  turn(true);
  expect(shown).toEqual(["light", "dark"]);
  theme.toggle();
  turn(false);
  turn(true);
  expect(theme.shade).toBe("light");
  expect(kept.get("theme")).toBe("light");
  theme.toggle();
  expect(kept.has("theme")).toBe(false);
  turn(false);
  expect(theme.shade).toBe("light");
});

test("what was chosen before stands, and what another tab chooses is followed", () => {
  const { theme, kept } = host({ chosen: "dark" });
  expect(theme.shade).toBe("dark");
  kept.clear();
  theme.heard();
  expect(theme.shade).toBe("light");
});

test("where site data is blocked, a choice holds for the visit", () => {
  const { theme } = host({ blocked: true });
  theme.toggle();
  expect(theme.shade).toBe("dark");
});
