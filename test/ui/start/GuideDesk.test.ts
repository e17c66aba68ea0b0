import { expect, test, vi } from "vitest";
import { GuideDesk, guideSteps } from "../../../src/ui/start/GuideDesk.svelte.ts";

/** A browser's storage, and what the page has done. */
function guided(kept: Record<string, string> = {}) {
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => (kept[key] = value),
    removeItem: (key: string) => delete kept[key],
  });
  const done = { traced: false, rewritten: false, checked: false };
  const desk = new GuideDesk({
    traced: () => done.traced,
    rewritten: () => done.rewritten,
    checked: () => done.checked,
  });
  return { desk, done, kept };
}

test("five steps, one after the other, and then it is done", () => {
  const { desk } = guided();
  desk.open();
  const titles = guideSteps.map((_, i) => {
    const title = desk.current?.title;
    desk.go(i + 1);
    return title;
  });
  expect(titles).toEqual([
    "Trace",
    "Read the figure",
    "Rewrite",
    "Check what else changed",
    "Take it away",
  ]);
  expect(desk.step).toBeNull();
  desk.open();
  expect(desk.step).toBe(0);
});

test("it can be left at any point, and is found again there on another visit", () => {
  const { desk, kept } = guided();
  desk.open();
  desk.go(3);
  desk.leave();
  expect(desk.current).toBeNull();
  const later = guided(kept).desk;
  expect(later.step).toBeNull();
  expect(later.left).toBe(3);
  later.open();
  expect(later.current?.title).toBe("Check what else changed");
  expect(guided({ "palimpsest.guide": "nonsense" }).desk.left).toBe(0);
});

test("what the page has done is ticked, wherever the reader is", () => {
  const { desk, done } = guided();
  done.traced = true;
  done.rewritten = true;
  expect(desk.done).toEqual([true, false, true, false, false]);
});
