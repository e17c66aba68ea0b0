import { expect, test } from "vitest";
import { EditStack } from "../../../src/ui/edit/EditStack.svelte.ts";
import { FakeEdits } from "../../support/ui/FakeEdits.ts";

/** A stack beside a stand-in for the worker, and what it told the reader. */
function stackOn(lab = new FakeEdits()) {
  const notices: string[] = [];
  let job = 0;
  const stack: EditStack = new EditStack({
    lab: () => lab,
    run: (_, work) => work(++job, () => undefined),
    identity: () => undefined,
    number: () => ++job,
    changed: () => stack.apply(),
    report: (error) => notices.push(String(error)),
    notify: (notice) => notices.push(notice),
    kept: () => undefined,
  });
  return { stack, lab, notices };
}

const fact = { prompt: "{} is in", subject: "The Space Needle", target: "Florence" };
const file = new File(["…"], "needle.safetensors");

test("a file whose edit is in the stack already adds nothing, and that is said", async () => {
  const { stack, lab, notices } = stackOn();
  const known = lab.hold({ method: "ROME", facts: [fact], layers: [2] });
  // A worker gives each file's edit a name of its own.
  lab.imported = () => ({
    ...lab.hold({ method: "ROME", facts: [fact], layers: [2] }),
    digest: known.digest,
  });
  await stack.import(file);
  await stack.import(file);
  expect(stack.edits).toHaveLength(1);
  expect(notices).toEqual(["needle.safetensors is in the stack already; nothing was added"]);
  await stack.remove(stack.edits[0].id);
  await stack.import(file);
  expect(stack.edits).toHaveLength(1);
});

test("an edit laid on in part is told to the worker, kept so, and undone", async () => {
  const { stack, lab } = stackOn();
  stack.add(lab.hold({ method: "ROME", facts: [fact], layers: [2] }));
  const [{ id }] = stack.edits;
  await stack.setStrength(id, 0.5);
  expect(lab.strengths).toEqual([0.5]);
  expect((await lab.kept()).edits).toMatchObject([{ id, strength: 0.5 }]);
  await stack.restore();
  expect(stack.edits[0].strength).toBe(0.5);
  await stack.setStrength(id, 1);
  await stack.undo();
  expect(lab.strengths).toEqual([0.5]);
});

test("an import keeps the true answer that its file tells", async () => {
  const { stack, lab } = stackOn();
  const told = lab.hold({ method: "ROME", facts: [{ ...fact, truth: "Seattle" }], layers: [2] });
  lab.imported = () => told;
  await stack.import(file);
  expect(stack.edits[0].truth).toBe("Seattle");
});
