import { afterEach, beforeEach, expect, test } from "vitest";
import type { Locator } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import { memitPreset } from "../../../src/methods/edit/memit/memitPreset.ts";
import App from "../../../src/ui/App.svelte";
import "../../../src/ui/page.css";
import { FakeLab, fakeConfig, fakeConnection, type FakeOptions } from "../../support/ui/FakeLab.ts";

/** Presses a button as soon as it can be; the tests look at the page, not at the pointer. */
async function press(button: Locator) {
  await expect.element(button).toBeEnabled();
  (button.element() as HTMLElement).click();
}

beforeEach(() => sessionStorage.clear());
afterEach(() => history.replaceState(null, "", "#"));

/** The page on many facts, over a fake Lab. */
async function open(options: FakeOptions = {}) {
  history.replaceState(null, "", "#/facts/new");
  const lab = new FakeLab(options);
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await expect.element(screen.getByRole("button", { name: "Read the table" })).toBeVisible();
  await expect.element(screen.getByText("Built-in model", { exact: true })).toBeVisible();
  return { screen, lab };
}

type Screen = Awaited<ReturnType<typeof open>>["screen"];

const csv = (count: number) =>
  [
    "prompt,subject,target",
    ...Array.from({ length: count }, (_, i) => `{} is in,Tower ${i + 1},Paris`),
  ].join("\n");

async function paste(screen: Screen, text: string) {
  await screen.getByLabelText(/^Paste rows/).fill(text);
  await press(screen.getByRole("button", { name: "Read the table" }));
}

const written = (screen: Screen) => screen.getByRole("button", { name: /^Write the .*facts?$/ });
const write = (screen: Screen) => press(written(screen));

test("a pasted table is written with MEMIT, goes into the stack as one edit, and is undone", async () => {
  const { screen, lab } = await open();
  await paste(screen, csv(12));
  await expect.element(screen.getByText(/^\s*12 rows/)).toBeVisible();
  await expect.element(screen.getByRole("row", { name: /Tower 1 is in/ })).toBeVisible();
  await write(screen);
  await expect.element(screen.getByText("12 of 12", { exact: true })).toBeVisible();
  await expect
    .element(screen.getByRole("row", { name: / 2 Tower 1 is in.* 0\.020 0\.970.* written/ }))
    .toBeVisible();
  expect(lab.edits.active).toHaveLength(1);
  const [order] = lab.editing.orders;
  const { layers } = memitPreset(fakeConfig("demo")).settings;
  expect(order).toMatchObject({ editor: "memit", settings: { layers }, seed: 0 });
  await press(screen.getByRole("link", { name: /^Edits/ }));
  const stack = screen.getByRole("region", { name: "Edits" });
  await expect.element(stack.getByText("and 11 more")).toBeVisible();
  await expect
    .element(stack.getByText(new RegExp(`MEMIT, layers\\s+${layers.join(", ")}`)))
    .toBeVisible();
  await press(screen.getByRole("button", { name: "Undo" }));
  await expect.poll(() => lab.edits.active.length).toBe(0);
});

test("the settings typed are those of the order, and wrong ones are refused", async () => {
  const { screen, lab } = await open();
  await paste(screen, csv(2));
  await screen.getByRole("textbox", { name: "Layers" }).fill("1-9");
  await write(screen);
  await expect.element(screen.getByText("Invalid layers: 1-9 (this model has 0–7).")).toBeVisible();
  await screen.getByRole("textbox", { name: "Layers" }).fill("1–3");
  await screen.getByRole("textbox", { name: "λ" }).fill("500");
  await write(screen);
  await expect.poll(() => lab.editing.orders.length).toBe(1);
  expect(lab.editing.orders[0].settings).toMatchObject({ layers: [1, 2, 3], lambda: 500 });
});

test("layers without statistics are named before the start, with the way to get some", async () => {
  const { screen } = await open();
  await paste(screen, csv(2));
  await screen.getByRole("textbox", { name: "Layers" }).fill("3-5");
  await expect.element(screen.getByText(/No covariance statistics of layers\s+4, 5/)).toBeVisible();
  await expect.element(screen.getByRole("link", { name: "Covariance statistics" })).toBeVisible();
});

test("a row with a mistake is named and repaired in its place; what is no table is said beside it", async () => {
  const { screen, lab } = await open();
  await paste(screen, "nothing of use");
  await expect.element(screen.getByText(/names no column prompt, subject, target/)).toBeVisible();
  await expect.element(screen.getByLabelText(/^Paste rows/)).toHaveValue("nothing of use");
  await paste(screen, "prompt;subject;target\n{} is in;Tower;Paris\n{} is in;;Rome");
  await expect.element(screen.getByRole("row", { name: /no text in "subject"/ })).toBeVisible();
  await press(screen.getByRole("button", { name: "Repair", exact: true }));
  await screen.getByRole("textbox", { name: "Subject", exact: true }).fill("Bridge");
  await press(screen.getByRole("button", { name: "Keep" }));
  await expect.element(screen.getByText(/has a mistake/)).not.toBeInTheDocument();
  await write(screen);
  await expect.poll(() => lab.editing.orders[0]?.facts.length).toBe(2);
});

test("a file is loaded by the picker and by dropping it", async () => {
  const { screen } = await open();
  const facts = [{ prompt: "The Louvre is in", subject: "The Louvre", target: "Rome" }];
  const file = new File([JSON.stringify(facts)], "facts.json");
  await screen.getByLabelText("Load a file…").upload(file);
  await expect.element(screen.getByLabelText("Name of the table")).toHaveValue("facts.json");
  await press(screen.getByRole("link", { name: "New table" }));
  const data = new DataTransfer();
  data.items.add(new File([csv(3)], "dropped.csv"));
  const group = screen.getByRole("group", { name: "A table of facts" });
  await expect.element(group).toBeVisible();
  const place = group.element();
  place.dispatchEvent(
    new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }),
  );
  await expect.element(screen.getByLabelText("Name of the table")).toHaveValue("dropped.csv");
});

test("a thousand facts scroll with few rows in the page, and are filtered and sorted", async () => {
  const { screen } = await open();
  await paste(screen, csv(1000));
  const table = screen.getByRole("grid", { name: "Facts" });
  await expect.element(table).toHaveAttribute("aria-rowcount", "1001");
  const rows = () => table.element().querySelectorAll('[role="row"]').length;
  expect(rows()).toBeLessThan(60);
  table.element().scrollTop = 1e6;
  await expect.element(screen.getByRole("row", { name: / 1001 Tower 1000 / })).toBeInTheDocument();
  expect(rows()).toBeLessThan(60);
});

test("stop and keep writes what is found; writing again goes on with the rest, and says so", async () => {
  const { screen, lab } = await open({ delay: 12 });
  await paste(screen, csv(30));
  await write(screen);
  await press(screen.getByRole("button", { name: "Stop and keep what is found" }));
  await expect.element(screen.getByText(/^\d+ of 30$/)).toBeVisible();
  const kept = lab.edits.active[0].facts.length;
  expect(kept).toBeLessThan(30);
  await expect.element(screen.getByText(/left as (it is|they are): writing goes on/)).toBeVisible();
  await press(screen.getByRole("button", { name: `Write the ${30 - kept} other facts` }));
  await expect.poll(() => lab.editing.orders[1]?.facts.length).toBe(30 - kept);
});

test("stop and discard writes nothing", async () => {
  const { screen, lab } = await open({ delay: 12 });
  await paste(screen, csv(30));
  await write(screen);
  await press(screen.getByRole("button", { name: "Stop and discard" }));
  await expect.element(written(screen)).toBeEnabled();
  expect(lab.edits.active).toHaveLength(0);
  await press(screen.getByRole("link", { name: /^Edits/ }));
  await expect.element(screen.getByText(/Nothing is overwritten yet/)).toBeVisible();
});

test("facts of the built-in set are scored against their true answers, before and after", async () => {
  const { screen } = await open();
  await screen.getByLabelText("To try it, take").fill("2");
  await press(screen.getByRole("button", { name: "Take them" }));
  await write(screen);
  await expect.element(screen.getByText("2 of 2", { exact: true })).toBeVisible();
  await press(screen.getByRole("button", { name: "Score the whole set" }));
  await expect.element(screen.getByRole("row", { name: /^Efficacy.* 3.0 % 98.0 %/ })).toBeVisible();
  await expect.element(screen.getByRole("row", { name: /^Neighbourhood/ })).toBeVisible();
  await expect
    .element(screen.getByRole("row", { name: "Greedy text says the target 0.0 % 100.0 %" }))
    .toBeVisible();
});

test("a table without true answers is scored by p(target), and says so", async () => {
  const { screen } = await open();
  await paste(screen, csv(3));
  await press(screen.getByRole("button", { name: "Score the whole set" }));
  await expect
    .element(screen.getByRole("row", { name: "p(target), joint, mean 0.020" }))
    .toBeVisible();
  await expect.element(screen.getByText(/gives no true answers/)).toBeVisible();
});

test("ROME in sequence shows the perplexity as it goes, and says when it has doubled", async () => {
  const { screen, lab } = await open();
  await paste(screen, csv(8));
  await press(screen.getByRole("radio", { name: "ROME in sequence" }));
  await write(screen);
  await expect
    .element(screen.getByRole("img", { name: /^Perplexity of neutral text: at the last edits/ }))
    .toBeVisible();
  await expect
    .element(screen.getByText(/After\s+4 edits\s+the perplexity of neutral text was\s+2\.2 times/))
    .toBeVisible();
  const [order] = lab.editing.orders;
  expect(order).toMatchObject({ editor: "rome", neutral: { every: 1 } });
  expect(order.neutral!.texts).toContain(
    "Wolfgang Amadeus Mozart was born in the city of Salzburg.",
  );
});

test("a failing run is said, and the table stays", async () => {
  const { screen, lab } = await open();
  lab.editing.edit = () => Promise.reject(new Error("not enough memory while writing the facts"));
  await paste(screen, csv(3));
  await write(screen);
  await expect.element(screen.getByText(/Not enough memory while writing/)).toBeVisible();
  await expect.element(screen.getByText(/^\s*3 rows/)).toBeVisible();
});

test("the tables of an earlier visit are there, and the newest is opened", async () => {
  const lab = new FakeLab();
  await lab.tables.read({ text: csv(5), name: "towers" }, () => undefined);
  history.replaceState(null, "", "#/facts");
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await expect.element(screen.getByText(/^\s*5 rows/)).toBeVisible();
});
