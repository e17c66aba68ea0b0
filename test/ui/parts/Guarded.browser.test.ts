import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Locator } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import type { HeldEdit, KeptModelView, KeptView } from "../../../workers/protocol/protocol.ts";
import App from "../../../src/ui/App.svelte";
import "../../../src/ui/page.css";
import { FakeLab, fakeConnection } from "../../support/ui/FakeLab.ts";

const huge = "n".repeat(100_000);
const bidi = "\u202etxet\u2066";
const control = "\u0000\u001b[2J\u0007";
const html = `<img src="x" onerror="globalThis.attacked = true"><script>globalThis.attacked = true</script>`;
const hostile = `${html}${bidi}${control}${huge}`;

/** Presses a button as soon as it can be. */
async function press(button: Locator) {
  await expect.element(button).toBeEnabled();
  (button.element() as HTMLElement).click();
}

/** The page over a Lab whose stack was kept with these edits, as no reader should have let them through. */
async function open(edits: Partial<Record<keyof HeldEdit, unknown>>[] = []) {
  history.replaceState(null, "", "#kinds=none");
  const lab = new FakeLab();
  const places = edits.map((edit) => {
    const held = lab.edits.hold({ method: "ROME", facts: [], layers: [2] });
    Object.assign(held, edit);
    return { id: held.id, on: false, truth: "" };
  });
  await lab.edits.keep(places);
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await expect.element(screen.getByText("Built-in model", { exact: true }).first()).toBeVisible();
  const stack = screen.getByRole("region", { name: "Edits" });
  return { screen, lab, stack, items: () => stack.getByRole("listitem") };
}

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  history.replaceState(null, "", "#");
  localStorage.clear();
});

test("edits that cannot be shown take their own place only, and can be removed", async () => {
  const fact = { prompt: "{} is in", subject: "Big Ben", target: " London" };
  const { stack, items } = await open([
    { facts: [fact] },
    { facts: undefined },
    { facts: [{ ...fact, prompt: undefined }] },
    { facts: [{ subject: "a" }] },
    { weights: null },
  ]);
  const alerts = stack.getByRole("alert").filter({ hasText: /^This edit cannot be shown/ });
  await expect.poll(() => alerts.elements().length).toBe(4);
  await expect.element(stack.getByText("Big Ben").first()).toBeVisible();
  for (let left = 4; left > 0; left--) {
    await press(stack.getByRole("button", { name: "Remove it" }).first());
    await expect.poll(() => alerts.elements().length).toBe(left - 1);
  }
  expect(items().elements()).toHaveLength(1);
  await expect.element(stack.getByText("Big Ben").first()).toBeVisible();
});

test("names of 100,000 characters, with HTML, control characters and text turned round, are text and short", async () => {
  const { screen, stack } = await open([
    {
      method: hostile,
      model: hostile,
      weights: [{ weight: hostile, norm: 0.1 }],
      facts: [{ prompt: `${hostile}{}${hostile}`, subject: hostile, target: hostile }],
    },
    { method: hostile, model: hostile },
  ]);
  await expect.element(stack.getByText(/^A delta by <img/)).toBeVisible();
  const text = stack.element().textContent;
  expect(text.length).toBeLessThan(5000);
  expect(text).toMatch(/\\u202e/);

  expect(text).not.toMatch(/[\u0000-\u0008\u000e-\u001f\u202a-\u202e\u2066-\u2069]/);
  expect(stack.element().querySelector("img, script")).toBeNull();
  expect(globalThis).not.toHaveProperty("attacked");
  expect(
    screen
      .getByRole("alert")
      .filter({ hasText: /cannot be shown/ })
      .elements(),
  ).toEqual([]);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(innerWidth);
});

test("a kept model that cannot be shown leaves the list, and can be deleted", async () => {
  const { screen, lab } = await open();
  const kept = (name: string, usedAt: number): KeptModelView => ({
    name,
    revision: "main",
    base: `hub/${name}`,
    bytes: 1e6,
    total: 1e6,
    complete: true,
    usedAt,
    source: { kind: "address", address: name },
  });
  lab.models.models = [kept("org/good", 1.7e12), kept("org/bad", NaN), kept(hostile, 1.7e12)];
  await press(screen.getByRole("button", { name: "Open a model…" }));
  const dialog = screen.getByRole("dialog", { name: "Open a model" });
  await press(dialog.getByText(/^Kept in this browser/));
  await expect.element(dialog.getByText("org/good")).toBeVisible();
  await expect.element(dialog.getByText(/^This model cannot be shown; delete it/)).toBeVisible();
  expect(dialog.element().textContent.length).toBeLessThan(3000);
  await press(dialog.getByRole("button", { name: "Delete this model" }));
  await press(dialog.getByRole("button", { name: "Really delete this model" }));
  await expect.poll(() => lab.models.models.map(({ name }) => name)).toEqual(["org/good", hostile]);
});

test("statistics that cannot be shown leave the list, and can be deleted", async () => {
  const { screen, lab } = await open();
  await lab.statistics.add(0, { from: hostile, layer: 1 });
  const [good] = lab.statistics.kept;
  const key = { ...good.key, layer: 5 };
  const bad = { ...good, key, layer: 5, inUse: false, count: undefined } as unknown as KeptView;
  lab.statistics.kept = [good, bad];
  await press(screen.getByRole("link", { name: "Covariance statistics" }));
  const statistics = screen.getByRole("region", { name: "Covariance statistics" });
  await expect
    .element(statistics.getByText(/^These statistics cannot be shown; delete/))
    .toBeVisible();
  expect(statistics.getByRole("list").element().textContent.length).toBeLessThan(1500);
  await press(statistics.getByRole("button", { name: "Delete these statistics" }));
  await press(statistics.getByRole("button", { name: "Really delete these statistics" }));
  await expect.poll(() => lab.statistics.kept).toEqual([good]);
});
