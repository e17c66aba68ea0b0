import { afterEach, expect, test } from "vitest";
import { cdp, type Locator, userEvent } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import App from "../../src/ui/App.svelte";
import "../../src/ui/page.css";
import { fakeConnection, FakeLab, type FakeOptions } from "../support/ui/FakeLab.ts";

const emulate = (features: Record<string, string>, media = "") =>
  cdp().send("Emulation.setEmulatedMedia", {
    media,
    features: Object.entries(features).map(([name, value]) => ({ name, value })),
  });

afterEach(async () => {
  history.replaceState(null, "", "#");
  await emulate({});
});

async function press(button: Locator) {
  await expect.element(button).toBeEnabled();
  (button.element() as HTMLElement).click();
}

async function open(options: FakeOptions = {}) {
  history.replaceState(null, "", "#");
  const lab = new FakeLab(options);
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  const button = (name: string | RegExp) =>
    screen.getByRole("button", { name, exact: typeof name === "string" }).first();
  return { screen, button };
}

test("few Tabs lead to what is done, and the hint of a field closes with Esc", async () => {
  const { screen } = await open();
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  /** Tabs from what has the focus to a button. */
  const tabsTo = async (name: string) => {
    for (let tabs = 1; tabs < 80; tabs++) {
      await userEvent.tab();
      if (
        document.activeElement?.matches("button") &&
        document.activeElement.textContent.trim() === name
      )
        return tabs;
    }
    return Infinity;
  };
  (document.activeElement as HTMLElement | null)?.blur();
  const main = document.querySelector("main")!;
  main.focus();
  const toTrace = await tabsTo("Trace");
  const toRewrite = toTrace + (await tabsTo("Rewrite"));
  expect.soft(toTrace).toBeLessThanOrEqual(15);
  expect.soft(toRewrite).toBeLessThanOrEqual(40);

  const skip = screen.getByRole("link", { name: "Skip to Rewrite" });
  (skip.element() as HTMLElement).focus();
  await userEvent.keyboard("{Enter}");
  expect(await tabsTo("Rewrite")).toBe(1);

  const layer = screen.getByRole("textbox", { name: "Layer", exact: true });
  (layer.element() as HTMLElement).focus();
  const hint = document.getElementById(layer.element().getAttribute("aria-describedby")!)!;
  await expect.poll(() => getComputedStyle(hint).visibility).toBe("visible");
  await userEvent.keyboard("{Escape}");
  await expect.poll(() => getComputedStyle(hint).visibility).toBe("hidden");
});

test("on paper: figures and words in ink, nothing that is pressed, whatever the theme", async () => {
  const { screen, button } = await open();
  await press(button("Rewrite"));
  await expect.element(screen.getByText("Greedy continuation")).toBeVisible();
  await emulate({ "prefers-color-scheme": "dark" }, "print");
  const seen = (selector: string) =>
    [...document.querySelectorAll<HTMLElement>(selector)].filter((one) => one.checkVisibility());
  await expect
    .poll(() => getComputedStyle(document.documentElement).backgroundColor)
    .toBe("rgb(255, 255, 255)");
  const pressed =
    "button:not(.hinted), select, progress, summary, nav, [type=checkbox], [type=file], [type=range]";
  expect(seen(pressed).map(({ outerHTML }) => outerHTML.slice(0, 120))).toEqual([]);
  expect(seen("figure svg").length).toBeGreaterThanOrEqual(5);
  expect(getComputedStyle(screen.getByText("Greedy continuation").element()).color).toBe(
    "rgb(27, 33, 48)",
  );
});
