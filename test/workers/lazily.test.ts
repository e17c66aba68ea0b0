import { expect, test } from "vitest";
import { lazily } from "../../workers/lazily.ts";

class Counter {
  #count = 0;
  add(much: number): number {
    this.#count += much;
    return this.#count;
  }
}

test("an object is made when it is first asked, once, and then asked", async () => {
  let made = 0;
  const counter = lazily(() => Promise.resolve((made++, new Counter())));
  expect(made).toBe(0);
  expect(await Promise.all([counter.add(2), counter.add(3)])).toEqual([2, 5]);
  expect(await counter.add(1)).toBe(6);
  expect(made).toBe(1);
});

test("code that could not be fetched is said as a sentence, and asked for again", async () => {
  let tries = 0;
  const counter = lazily(() =>
    tries++ === 0
      ? Promise.reject(new TypeError("Failed to fetch"))
      : Promise.resolve(new Counter()),
  );
  await expect(counter.add(1)).rejects.toThrow(/this part of the page could not be fetched; look/);
  expect(await counter.add(1)).toBe(1);
});
