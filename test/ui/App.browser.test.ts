import { afterEach, expect, test } from "vitest";
import type { Locator } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import App from "../../src/ui/App.svelte";
import "../../src/ui/page.css";
import { FakeLab, fakeConnection, type FakeOptions } from "../support/ui/FakeLab.ts";

/** Presses a button as soon as it can be; the tests look at the page, not at the pointer. */
async function press(button: Locator) {
  await expect.element(button).toBeEnabled();
  (button.element() as HTMLElement).click();
}

/** The page over a fake Lab, after its model is loaded and its example is traced. */
async function open(options: FakeOptions = {}, hash = "") {
  history.replaceState(null, "", `#${hash}`);
  const lab = new FakeLab(options);
  const connections: ReturnType<typeof fakeConnection>[] = [];
  const connect = () => {
    connections.push(fakeConnection(lab));
    return connections.at(-1)!;
  };
  const screen = await render(App, { connect });
  return { screen, lab, connections };
}

afterEach(() => history.replaceState(null, "", "#"));

test("the page opens with the model loaded, an example filled in and traced", async () => {
  const { screen } = await open();
  await expect.element(screen.getByText("Built-in model", { exact: true })).toBeVisible();
  await expect
    .element(screen.getByLabelText("Prompt, up to its answer"))
    .toHaveValue("The Space Needle is in the city of");
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  await expect.element(screen.getByRole("grid").nth(2)).toBeVisible();
  await expect.element(screen.getByText(/WebGPU is only emulated/)).toBeVisible();
  await expect.poll(() => location.hash).toContain("subject=The+Space+Needle");
});

test("a subject is marked by selecting words and pressing Enter", async () => {
  const { screen } = await open();
  const prompt = screen.getByLabelText("Prompt, up to its answer");
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  const area = prompt.element() as HTMLTextAreaElement;
  area.focus();
  area.setSelectionRange(4, 16);
  area.dispatchEvent(new Event("select"));
  await expect.element(screen.getByText("Mark “Space Needle” as the subject")).toBeVisible();
  area.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }),
  );
  await expect
    .element(screen.getByRole("textbox", { name: "Subject" }))
    .toHaveValue("Space Needle");
});

test("the arrow keys move through a heatmap, one cell in the order of Tab", async () => {
  const { screen } = await open();
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  const grid = screen.getByRole("grid").first().element();
  const cells = () => [...grid.querySelectorAll<SVGElement>('[tabindex="0"]')];
  expect(cells()).toHaveLength(1);
  cells()[0].focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"])
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await expect
    .poll(() => document.activeElement?.getAttribute("aria-label"))
    .toMatch(/^Needle\*, layer 1: p = 0\.\d/);
  expect(cells()).toHaveLength(1);
});

test("a rewrite goes into the stack, is scored, and can be switched off and undone", async () => {
  const { screen, lab } = await open();
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("Greedy continuation")).toBeVisible();
  await expect.element(screen.getByText("With 1 edit", { exact: true })).toBeVisible();
  expect(lab.edits.active).toHaveLength(1);
  await press(screen.getByRole("switch"));
  await expect.poll(() => lab.edits.active.length).toBe(0);
  await press(screen.getByRole("button", { name: "Undo" }));
  await expect.poll(() => lab.edits.active.length).toBe(1);
  await press(screen.getByRole("button", { name: "Undo" }));
  await expect.element(screen.getByText(/Nothing is overwritten yet/)).toBeVisible();
});

test("what another tab makes and removes is put here and told; Undo takes back nothing of it", async () => {
  const { screen, lab } = await open();
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("With 1 edit", { exact: true })).toBeVisible();
  const [mine] = lab.edits.held.keys();
  const fact = { prompt: "{} is in", subject: "Big Ben", target: "Rome" };
  const theirs = lab.edits.hold({ method: "ROME", facts: [fact], layers: [2] });
  lab.edits.added = [{ id: theirs.id, on: true, truth: "", edit: theirs }];
  lab.tell({ kind: "edits" });
  await expect.element(screen.getByText(/another tab has made one edit/i)).toBeVisible();
  await expect.element(screen.getByRole("switch", { name: /Big Ben/ })).not.toBeChecked();
  expect(lab.edits.active.map(({ id }) => id)).toEqual([mine]);

  lab.edits.removed = [mine];
  lab.tell({ kind: "edits" });
  await expect.element(screen.getByText(/another tab has removed one edit/i)).toBeVisible();
  await expect.poll(() => lab.edits.active.length).toBe(0);
  await press(screen.getByRole("button", { name: "Undo" }));
  await expect.poll(() => lab.edits.active.map(({ id }) => id)).toEqual([mine]);
  await press(screen.getByRole("button", { name: "Undo" }));
  await expect.poll(() => lab.edits.active.length).toBe(0);
  await expect.element(screen.getByRole("switch", { name: /Big Ben/ })).toBeVisible();
});

test("an edit that was made with another model is taken by one click that says what differs", async () => {
  const { screen, lab } = await open();
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  lab.edits.question = "edit.safetensors: it was made with gpt2 of other contents";
  const file = new File([""], "edit.safetensors");
  await screen.getByLabelText("Import a delta…").upload(file);
  await expect.element(screen.getByText(/gpt2 of other contents/)).toBeVisible();
  expect(lab.edits.active).toEqual([]);
  await press(screen.getByRole("button", { name: "Take it all the same" }));
  await expect.poll(() => lab.edits.active.length).toBe(1);
  await expect.element(screen.getByText(/gpt2 of other contents/)).not.toBeInTheDocument();
});

test("edits of an earlier version are taken by one click, and then no longer kept under a name", async () => {
  history.replaceState(null, "", "#");
  const lab = new FakeLab();
  const fact = { prompt: "{} is in", subject: "Big Ben", target: "Rome" };
  const edit = lab.edits.hold({ method: "ROME", facts: [fact], layers: [2] });
  const about = { about: "one edit", sameName: true, takes: true };
  lab.earlier.entries = [{ id: "old", kind: "edits", model: "demo@unknown", ...about }];
  lab.earlier.taken = { edits: [{ id: edit.id, on: true, truth: "", edit }], unread: 0 };
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await press(screen.getByRole("button", { name: "See what it is" }));
  await press(screen.getByRole("button", { name: /^Take one edit, demo@unknown/ }));
  await expect.poll(() => lab.edits.active.length).toBe(1);
  await expect.poll(() => lab.earlier.entries.length).toBe(0);
});

test("a key that is far from the mean key is warned of", async () => {
  const { screen } = await open({ keyRatio: 0.3 });
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText(/\(k₀·u\/k̄·u 0\.3\)/)).toBeVisible();
});

test("a long job shows what is left of it and can be cancelled; a new one supersedes it", async () => {
  const { screen, lab } = await open({ delay: 150 });
  await expect.element(screen.getByRole("progressbar", { name: /tracing/ })).toBeVisible();
  await expect.element(screen.getByText(/about \d+ s left/).first()).toBeVisible();
  await press(screen.getByRole("button", { name: "Trace", exact: true }));
  await expect.poll(() => lab.calls.filter((call) => call === "cancel").length).toBe(1);
  await expect.element(screen.getByRole("progressbar", { name: /tracing/ })).toBeVisible();
  await press(screen.getByRole("button", { name: "Cancel", exact: true }));
  await expect.poll(() => screen.getByRole("progressbar").elements().length).toBe(0);
});

test.for([
  ["subject=Big+Ben", /subject “Big Ben” is not in the prompt/i],
  ["prompt=+&subject=", /the prompt is empty/i],
])("an address with %s opens, with a sentence", async ([hash, message]) => {
  const { screen } = await open({}, `model=demo&prompt=The+Space+Needle+is+in&${hash as string}`);
  await expect.element(screen.getByText(message).first()).toBeVisible();
});

test("a subject that is there twice is marked once, and the next can be chosen", async () => {
  const { screen } = await open({}, "model=demo&prompt=Paris,+like+Paris,+is&subject=Paris");
  await expect.element(screen.getByText(/there 2 times; number 1 is marked/)).toBeVisible();
  await press(screen.getByRole("button", { name: "Mark the next" }));
  await expect.element(screen.getByText(/number 2 is marked/)).toBeVisible();
});

test("wrong fields are said at their place, and what was typed stays", async () => {
  const { screen, lab } = await open();
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  await screen.getByRole("textbox", { name: "Layer", exact: true }).fill("52");
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("Invalid layer: 52 (this model has 0–7).")).toBeVisible();
  await expect
    .element(screen.getByRole("textbox", { name: "Layer", exact: true }))
    .toHaveValue("52");
  await screen.getByLabelText("New target").fill(" ");
  await press(screen.getByRole("button", { name: /^Layer: back to/ }));
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText(/No new target/)).toBeVisible();
  expect(lab.calls).not.toContain("edit");
});

test.for([
  ["load", "there is no model at nowhere: config.json is missing; check the address"],
  ["trace", "not enough memory while tracing; close other tabs"],
  ["compare", "the prompt has 200 tokens, and this model takes 128; shorten it"],
] as const)("a failing %s is said, and the page stays usable", async ([method, sentence]) => {
  const { screen } = await open({ fail: { [method]: sentence } });
  if (method === "compare") await press(screen.getByRole("button", { name: "Score" }));
  await expect.element(screen.getByText(sentence.slice(1), { exact: false })).toBeVisible();
  await expect
    .element(screen.getByLabelText("Prompt, up to its answer"))
    .toHaveValue("The Space Needle is in the city of");
});

test("storage that is full is said once, and the edit stays", async () => {
  const full =
    "this browser’s storage is full, so the edits are kept only until the page is closed";
  const { screen, lab } = await open({ unkept: full });
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("Greedy continuation")).toBeVisible();
  expect(screen.getByText(/storage is full/).elements()).toHaveLength(1);
  expect(lab.edits.active).toHaveLength(1);
});

test("a worker that dies is started again with its edits; after three deaths it waits to be asked", async () => {
  const { screen, lab, connections } = await open();
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("Greedy continuation")).toBeVisible();
  lab.edits.active = [];
  connections[0].die("it ended without a word");
  await expect.element(screen.getByText(/the worker that holds the model stopped/i)).toBeVisible();
  await expect.poll(() => lab.edits.active.length).toBe(1);
  expect(connections).toHaveLength(2);
  connections[1].die("again");
  await expect.poll(() => connections.length).toBe(3);
  connections[2].die("again");
  await expect.element(screen.getByText(/for the third time in a minute/)).toBeVisible();
  await press(screen.getByRole("button", { name: "Restart" }));
  await expect.poll(() => connections.length).toBe(4);
});

test("an edit that died with its worker, because nothing kept it, is said to be lost", async () => {
  const { screen, lab, connections } = await open();
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("Greedy continuation")).toBeVisible();
  lab.edits.held.clear();
  connections[0].die("it ended without a word");
  await expect.element(screen.getByText(/one edit is lost with the worker/i)).toBeVisible();
  await expect.element(screen.getByText(/Nothing is overwritten yet/)).toBeVisible();
});

test("a file that is no delta is refused with a sentence", async () => {
  const { screen } = await open();
  await expect.element(screen.getByText("p corrupted")).toBeVisible();
  await screen.getByLabelText("Import a delta…").upload(new File(["x"], "notes.safetensors"));
  await expect
    .element(screen.getByText(/notes.safetensors is not a safetensors file/))
    .toBeVisible();
});
