import { expect, test } from "vitest";
import { Bundle } from "../../workers/Bundle.ts";

test("reports that come close together go in one message, urgent ones at once with all before", () => {
  const sent: number[][] = [];
  let now = 0;
  const bundle = new Bundle<number>(
    (reports) => sent.push(reports),
    () => now,
  );
  bundle.add(1);
  bundle.add(2);
  now = 50;
  bundle.add(3);
  expect(sent).toEqual([[1]]);
  now = 120;
  bundle.add(4);
  expect(sent).toEqual([[1], [2, 3, 4]]);
  bundle.add(5);
  bundle.add(6, true);
  expect(sent.at(-1)).toEqual([5, 6]);
  bundle.flush();
  expect(sent).toHaveLength(3);
});
