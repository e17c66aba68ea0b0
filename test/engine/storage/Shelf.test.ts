import { expect, test } from "vitest";
import { Shelf } from "../../../src/engine/storage/Shelf.ts";

test("where nothing can be stored a value lasts as long as the page", async () => {
  const shelf = new Shelf();
  await shelf.put("tuning", [1]);
  expect(await shelf.take("tuning")).toEqual([1]);
  expect(await shelf.take("another")).toBeUndefined();
  expect(await new Shelf().take("tuning")).toBeUndefined();
});
