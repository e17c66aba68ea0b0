import { expect, test } from "vitest";
import { scoreRows } from "../../../src/ui/score/scoreRows.ts";
import { measuresOf } from "../../support/ui/measures.ts";

const names = (measured: Parameters<typeof scoreRows>[0]) =>
  scoreRows(measured).map(({ success }) => success);

test("a score that there are no prompts for has no line", () => {
  const all = measuresOf({ ES: 1, PS: 0, NS: 1 });
  expect(names([all, all])).toEqual(["ES", "PS", "NS"]);
  const own = measuresOf({ ES: 1 });
  expect(names([own, own])).toEqual(["ES"]);
  expect(names([own, all])).toEqual(["ES", "PS", "NS"]);
});
