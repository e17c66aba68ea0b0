import { afterEach, expect, test } from "vitest";
import { type Locator, userEvent } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import type { KeptModelView } from "../../../workers/protocol/protocol.ts";
import App from "../../../src/ui/App.svelte";
import "../../../src/ui/page.css";
import { FakeLab, fakeConnection, type FakeOptions } from "../../support/ui/FakeLab.ts";

const partly: KeptModelView = {
  name: "openai-community/gpt2-xl",
  revision: "main",
  base: "hub/openai-community/gpt2-xl",
  bytes: 1.2e9,
  total: 6.43e9,
  complete: false,
  usedAt: 1.7e12,
  source: { kind: "address", address: "openai-community/gpt2-xl", revision: "main" },
};

/** Presses a button as soon as it can be. */
async function press(button: Locator) {
  await expect.element(button).toBeEnabled();
  (button.element() as HTMLElement).click();
}

/** The page over a fake Lab, loaded, with its dialog open. */
async function open(options: FakeOptions & { prepare?: (lab: FakeLab) => void } = {}) {
  history.replaceState(null, "", "#kinds=none");
  const lab = new FakeLab(options);
  options.prepare?.(lab);
  const connections: ReturnType<typeof fakeConnection>[] = [];
  const connect = () => {
    connections.push(fakeConnection(lab));
    return connections.at(-1)!;
  };
  const screen = await render(App, { connect });
  await expect.element(screen.getByText("Built-in model", { exact: true }).first()).toBeVisible();
  await press(screen.getByRole("button", { name: "Open a model…" }));
  const dialog = screen.getByRole("dialog", { name: "Open a model" });
  const chooseXl = async () => {
    await press(dialog.getByRole("button", { name: /^GPT-2 XL/ }));
    await expect.element(dialog.getByRole("table")).toBeVisible();
  };
  return { screen, lab, connections, dialog, chooseXl };
}

afterEach(() => {
  history.replaceState(null, "", "#");
  localStorage.clear();
});

test("a plan compares the precisions, and a smaller one is suggested and taken", async () => {
  const { screen, lab, dialog, chooseXl } = await open();
  await chooseXl();
  await expect.element(dialog.getByText("6.4 GB").first()).toBeVisible();
  const radio = (name: RegExp) => dialog.getByRole("radio", { name });
  await expect.element(radio(/^8 bits/)).toBeChecked();
  await expect.element(radio(/^float16/)).toBeDisabled();
  await expect.element(dialog.getByText(/lacks shader-f16/).first()).toBeVisible();
  await radio(/^float32/).click();
  await expect.element(dialog.getByText(/7.6 GB of rome, and that would not fit/)).toBeVisible();
  await dialog.getByText("Tracing").click();
  await expect.element(dialog.getByText(/7.6 GB of trace/)).toBeVisible();
  await press(dialog.getByRole("button", { name: "Use 4 bits instead" }));
  await expect.element(radio(/^4 bits/)).toBeChecked();
  await press(dialog.getByRole("button", { name: "Download 6.4 GB and open" }));
  await expect.element(dialog).not.toBeInTheDocument();
  expect(lab.precision).toBe("q4");
  await expect.element(screen.getByText("4 bits", { exact: true })).toBeVisible();
  await expect.poll(() => location.hash).toContain("precision=q4");
});

test("what the device refuses is not begun", async () => {
  const { lab, dialog, chooseXl } = await open({ prepare: (lab) => (lab.models.refuses = true) });
  await chooseXl();
  await dialog.getByRole("radio", { name: /^float32/ }).click();
  await expect.element(dialog.getByRole("button", { name: /and open/ })).toBeDisabled();
  expect(lab.calls.filter((call) => call === "load")).toHaveLength(1);
});

test("a download is told in bytes, speed and time; stopping it says what is kept", async () => {
  const { lab, dialog, chooseXl } = await open({ delay: 200 });
  await chooseXl();
  await press(dialog.getByRole("button", { name: /and open/ }));
  await expect.element(dialog.getByRole("progressbar", { name: "Downloading" })).toBeVisible();
  await expect.element(dialog.getByText(/of 6.4 GB/)).toBeVisible();
  await expect.element(dialog.getByText("45 MB/s")).toBeVisible();
  await expect.element(dialog.getByText("about 2 min 0 s left")).toBeVisible();
  lab.models.models = [partly];
  await press(dialog.getByRole("button", { name: "Cancel" }));
  await expect
    .element(dialog.getByText("1.2 of 6.4 GB are kept; opening it again goes on from there."))
    .toBeVisible();
  await expect
    .element(dialog.getByRole("button", { name: "Download 5.2 GB and open" }))
    .toBeVisible();
});

test("a failure is said in its place, and the model before stays", async () => {
  const sentence = "https://huggingface.co has no org/none with a revision main (status 404)";
  const { screen, lab, dialog } = await open({ prepare: (lab) => (lab.models.fail = sentence) });
  await dialog.getByLabelText("Hub id or web address").fill("org/none");
  await dialog.getByLabelText("Revision").fill("v2");
  await press(dialog.getByRole("button", { name: "Look at it" }));
  await expect.element(dialog.getByRole("alert").getByText(`${sentence}.`)).toBeVisible();
  expect(lab.models.asked.at(-1)!.source).toMatchObject({ address: "org/none", revision: "v2" });
  await press(dialog.getByRole("button", { name: /Choose another/ }));
  await press(dialog.getByRole("button", { name: "Close" }));
  await expect.element(screen.getByText("Built-in model", { exact: true })).toBeVisible();
  expect(screen.getByText(/status 404/).elements()).toHaveLength(0);
});

test("kept models are listed, and deleted only when that is confirmed", async () => {
  const whole = { ...partly, name: "org/tiny", base: "hub/org/tiny", complete: true };
  const { lab, dialog } = await open({ prepare: (lab) => (lab.models.models = [whole, partly]) });
  await dialog.getByText("Kept in this browser (2)").click();
  await expect.element(dialog.getByText("works offline")).toBeVisible();
  await expect.element(dialog.getByText("1.2 of 6.4 GB")).toBeVisible();
  await press(dialog.getByRole("button", { name: "Delete org/tiny main" }));
  expect(lab.models.models).toHaveLength(2);
  await press(dialog.getByRole("button", { name: "Really delete org/tiny main" }));
  await expect.element(dialog.getByText("Kept in this browser (1)")).toBeVisible();
  expect(lab.models.models).toEqual([partly]);
});

test("a link to a large model asks before anything is downloaded", async () => {
  history.replaceState(null, "", "#model=openai-community/gpt2-xl&precision=q4&hub=https://m.test");
  const lab = new FakeLab();
  const screen = await render(App, { connect: () => fakeConnection(lab) });
  await expect
    .element(screen.getByText(/from m\.test, a mirror that the link names/))
    .toBeVisible();
  expect(lab.models.asked).toEqual([]);
  await press(screen.getByRole("button", { name: "Open it from m.test" }));
  const dialog = screen.getByRole("dialog", { name: "Open a model" });
  await expect.element(dialog.getByRole("radio", { name: /^4 bits/ })).toBeChecked();
  expect(lab.calls).not.toContain("load");
  expect(lab.models.asked[0].hub).toBe("https://m.test");
  await expect.poll(() => location.hash).toContain("precision=q4");
  expect(localStorage.getItem("palimpsest.hub")).toBeNull();
});

test("a worker that dies comes back with the precision and the edits", async () => {
  const { screen, lab, connections, dialog, chooseXl } = await open();
  await chooseXl();
  await press(dialog.getByRole("button", { name: /and open/ }));
  await expect.element(screen.getByText("8 bits", { exact: true })).toBeVisible();
  await press(screen.getByRole("button", { name: "Rewrite", exact: true }));
  await expect.element(screen.getByText("With 1 edit")).toBeVisible();
  lab.precision = "";
  lab.edits.active = [];
  connections[0].die("the graphics device was lost: it was reset");
  await expect.poll(() => lab.precision).toBe("q8");
  await expect.poll(() => lab.edits.active.length).toBe(1);
  await expect.element(screen.getByText(/It was started again/)).toBeVisible();
});

test("files that are dropped on the page are looked at", async () => {
  const { lab, dialog } = await open();
  const transfer = new DataTransfer();
  for (const name of ["config.json", "model.safetensors"])
    transfer.items.add(new File(["{}"], name));
  const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(drop);
  expect(drop.defaultPrevented).toBe(true);
  await expect.element(dialog.getByRole("heading", { name: "dropped files" })).toBeVisible();
  const { source } = lab.models.asked.at(-1)!;
  expect(source).toMatchObject({ kind: "folder", files: [{ path: "config.json" }, {}] });
});

test("the device and the mirror are remembered", async () => {
  const { lab, connections, dialog } = await open();
  await dialog.getByText("Device and mirror").click();
  await dialog.getByLabelText("The Hub’s mirror").fill("https://mirror.test/");
  await userEvent.keyboard("{Tab}");
  await dialog.getByLabelText("Computes on").selectOptions("wasm");
  await expect.poll(() => connections.length).toBe(2);
  expect(lab.preference).toBe("wasm");
  expect(localStorage.getItem("palimpsest.device")).toBe("wasm");
  expect(localStorage.getItem("palimpsest.hub")).toBe("https://mirror.test");
  await expect.poll(() => location.hash).toContain("device=wasm");
});
