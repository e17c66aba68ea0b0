import { expect, test } from "vitest";
import { whileLoading, whileNobodyLoads } from "../../../src/engine/storage/modelLock.ts";
import { memoryLocks } from "../../support/engine/memoryDatabase.ts";

test("while a tab loads a model no other deletes one, and is told so", async () => {
  const locks = memoryLocks();
  let arrived!: () => void;
  const loading = whileLoading(() => new Promise<void>((done) => (arrived = done)), locks);
  const deleting = () => whileNobodyLoads(() => Promise.resolve("deleted"), locks);
  await expect(deleting()).rejects.toThrow(/another tab is loading a model; wait/);
  arrived();
  await loading;
  expect(await deleting()).toBe("deleted");
});

test("without Web Locks both are done", async () => {
  const work = () => Promise.resolve(1);
  expect([await whileLoading(work, undefined), await whileNobodyLoads(work, undefined)]).toEqual([
    1, 1,
  ]);
});
