import { beforeEach, expect, test, vi } from "vitest";
import { Shelf } from "../../../src/engine/storage/Shelf.ts";

const database = vi.hoisted(() => ({ get: vi.fn(), set: vi.fn() }));
vi.mock("idb-keyval", () => database);

beforeEach(() => {
  database.get.mockReset().mockResolvedValue(undefined);
  database.set.mockReset().mockResolvedValue(undefined);
});

test("what was put is taken, also by another visit", async () => {
  expect(await new Shelf().put("edits", [1])).toBeNull();
  expect(database.set).toHaveBeenCalledWith("edits", [1]);
  database.get.mockResolvedValue([1]);
  expect(await new Shelf().take("edits")).toEqual([1]);
});

test("a full database keeps things in memory and says so", async () => {
  database.set.mockRejectedValue(new DOMException("no room", "QuotaExceededError"));
  const shelf = new Shelf();
  expect(await shelf.put("edits", [1])).toMatch(
    /storage is full, so the edits are kept only until/,
  );
  expect(await shelf.take("edits")).toEqual([1]);
});

test("a blocked database keeps things in memory and says so", async () => {
  database.set.mockRejectedValue(new DOMException("denied", "SecurityError"));
  database.get.mockRejectedValue(new DOMException("denied", "SecurityError"));
  const shelf = new Shelf();
  expect(await shelf.put("edits", [1])).toMatch(/lets the page store nothing .*download them/);
  expect(await shelf.take("edits")).toEqual([1]);
  expect(await new Shelf().take("edits")).toBeUndefined();
});
