import { expect, test } from "vitest";
import { beyond } from "../../src/engine/transformer/finite.ts";
import type { Row } from "../../src/data/rows/rows.ts";
import { rowOrError, withoutFailed } from "../../src/studies/rowOrError.ts";

async function* work(error?: Error): AsyncGenerator<Row> {
  await Promise.resolve();
  yield { key: "1", value: 2 };
  if (error) throw error;
}

async function rowsOf(error?: Error): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of rowOrError({ key: "1", case: 7 }, work(error))) rows.push(row);
  return rows;
}

test("numbers beyond float32 are a row with the sentence; other errors are errors", async () => {
  expect(await rowsOf()).toEqual([{ key: "1", value: 2 }]);
  const [made, failed] = await rowsOf(beyond("the loss", "take less"));
  expect(failed).toEqual({
    key: "1",
    case: 7,
    error: "the loss is beyond what float32 can hold: take less",
  });
  await expect(rowsOf(new Error("the device is lost"))).rejects.toThrow("the device is lost");
  expect(withoutFailed([made, failed])).toEqual({
    rows: [made],
    failed: [{ key: "1", error: failed.error }],
  });
});
