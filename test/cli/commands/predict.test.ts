import { expect, vi } from "vitest";
import { callJson, folderTest as test, golden } from "../../support/call.ts";

vi.setConfig({ testTimeout: 120_000 });

const model = ["--model", golden("tiny-gpt2")];
const fact = ["--prompt", "{} is in", "--subject", "The tower"];
const edit = ["--method", "rome", "--layer", "1", "--steps", "3", "--identity"];
const contexts = ["--context-lengths", "2x2"];

type Said = { predictions: { id: number; probability: number }[] };
type Edited = { before: number; after: number };

test("edits are laid on each other: each is written on top of those named, and all are asked", async ({
  folder,
}) => {
  const write = (target: string, out: string, ...beneath: string[]) =>
    callJson<Edited>(
      ...["edit", ...model, ...edit, ...contexts, ...fact, "--target", target],
      ...["--out", `${folder}/${out}`, ...beneath],
    );
  const first = ["--delta", `${folder}/first.safetensors`];
  const second = ["--delta", `${folder}/second.safetensors`];
  const once = await write("the river", "first.safetensors");
  const twice = await write("the river", "second.safetensors", ...first);
  expect(twice.before).toBeCloseTo(once.after, 6);
  const asked = (...deltas: string[]) => callJson<Said>("predict", ...model, ...fact, ...deltas);
  const [none, one, both] = [
    await asked(),
    await asked(...first),
    await asked(...first, ...second),
  ];
  expect(one.predictions).not.toEqual(none.predictions);
  expect(both.predictions).not.toEqual(one.predictions);
  expect((await asked(...second, ...first)).predictions.map(({ id }) => id)).toEqual(
    both.predictions.map(({ id }) => id),
  );
});
