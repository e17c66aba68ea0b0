import { afterEach, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import App from "../../../src/ui/App.svelte";
import "../../../src/ui/page.css";
import { FakeLab, fakeConnection } from "../../support/ui/FakeLab.ts";

/** The page over a fake Lab, opened by a link. */
async function follow(hash: string) {
  history.replaceState(null, "", `#kinds=none&${hash}`);
  const lab = new FakeLab();
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  const count = (call: string) => lab.calls.filter((made) => made === call).length;
  const button = (name: string | RegExp) => screen.getByRole("button", { name });
  return { screen, lab, count, button };
}

afterEach(() => {
  history.replaceState(null, "", "#");
  localStorage.clear();
});

test("a link to another server fetches nothing before one click that says what and from where", async () => {
  const { screen, lab, count, button } = await follow("model=http://x.example:8000/gpt2/");
  await expect
    .element(screen.getByText(/asks to open http:\/\/x\.example:8000\/gpt2\/ from x\.example:8000/))
    .toBeVisible();
  await expect.element(screen.getByText(/not encrypted/)).toBeVisible();
  expect(lab.models.asked).toEqual([]);
  expect(count("load")).toBe(0);
  expect(location.hash).toContain("x.example");

  const yes = button("Open it from x.example:8000");
  (yes.element() as HTMLElement).focus();
  await userEvent.keyboard("{Enter}");
  // It is large: the dialog says what would be downloaded.
  await expect.element(screen.getByRole("dialog", { name: "Open a model" })).toBeVisible();
  expect(lab.models.asked.map(({ source }) => source)).toEqual([
    { kind: "address", address: "http://x.example:8000/gpt2/" },
  ]);
  expect(yes.elements()).toHaveLength(0);
});

test("a mirror under a trusted id is named, and No opens the built-in model", async () => {
  const hub = encodeURIComponent("https://mirror.example");
  const { screen, lab, button } = await follow(`model=openai-community/gpt2&hub=${hub}`);
  const question = screen.getByText(
    /asks to open openai-community\/gpt2 from mirror\.example, a mirror that the link names, not from huggingface\.co/,
  );
  await expect.element(question).toBeVisible();
  await button("Open the built-in model instead").click();
  await expect.element(screen.getByText("Built-in model", { exact: true })).toBeVisible();
  expect(question.elements()).toHaveLength(0);
  expect(lab.models.asked).toEqual([]);
  await expect.poll(() => location.hash).not.toContain("mirror");
});

test("a mirror alone is asked about, beside the built-in model; what was agreed to is not asked again", async () => {
  const hash = `hub=${encodeURIComponent("https://mirror.example")}`;
  const first = await follow(hash);
  await expect.element(first.screen.getByText("Built-in model", { exact: true })).toBeVisible();
  await expect
    .element(first.screen.getByText(/look up models of the Hub at mirror\.example/))
    .toBeVisible();
  await first.button("Use mirror.example").click();
  await expect.poll(() => location.hash).toContain("mirror.example");
  await first.screen.unmount();

  const again = await follow(hash);
  await expect.element(again.screen.getByText("Built-in model", { exact: true })).toBeVisible();
  expect(again.screen.getByText(/look up models of the Hub/).elements()).toHaveLength(0);
});

test("a model that was looked at here comes back by its link", async () => {
  localStorage.setItem("palimpsest.agreed", "https://huggingface.co/openai-community/gpt2-xl");
  const { screen, lab } = await follow("model=openai-community/gpt2-xl");
  await expect.element(screen.getByRole("dialog", { name: "Open a model" })).toBeVisible();
  expect(lab.models.asked).toHaveLength(1);
});

test("a mirror that is no web address is ignored, and a name of 100,000 characters is cut", async () => {
  const { screen, lab } = await follow(
    `hub=javascript:alert(1)&model=https://x.example/${"a".repeat(100_000)}%E2%80%AE`,
  );
  const question = screen.getByText(/^This link asks to open/);
  await expect.element(question).toBeVisible();
  expect(question.element().textContent.length).toBeLessThan(400);
  expect(lab.models.asked).toEqual([]);
});

test("a link's settings that are not the preset are filled in and not begun", async () => {
  history.replaceState(null, "", "#trace.samples=1000");
  const lab = new FakeLab();
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await expect.element(screen.getByText("Built-in model", { exact: true })).toBeVisible();
  await expect.element(screen.getByText(/press Trace to run them/)).toBeVisible();
  await expect.element(screen.getByLabelText("Samples", { exact: true })).toHaveValue("1000");
  expect(lab.calls).not.toContain("trace");
});
