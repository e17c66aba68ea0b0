import { expect, test } from "vitest";
import { render } from "vitest-browser-svelte";
import { Session } from "../../src/ui/Session.svelte.ts";
import { FakeLab, fakeConnection } from "../support/ui/FakeLab.ts";
import LengthPanel from "../support/ui/LengthPanel.svelte";

test("a panel needs nothing but the session (docs/add-a-panel.md)", async () => {
  const session = new Session(() => fakeConnection(new FakeLab()));
  const screen = await render(LengthPanel, { session });
  await expect.element(screen.getByText("0 of 0 positions")).toBeVisible();
  await session.start("");
  await session.readPrompt();
  const { length } = session.tokens!.ids;
  const { positions } = session.model!.config;
  await expect.element(screen.getByText(`${length} of ${positions} positions`)).toBeVisible();
  session.close();
});
