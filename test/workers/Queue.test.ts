import { expect, test } from "vitest";
import { Queue } from "../../workers/Queue.ts";

const tick = () => new Promise((resolve) => setTimeout(resolve));

test("jobs run one after the other, in the order they came", async () => {
  const queue = new Queue();
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await tick();
    order.push(`${name} ends`);
  };
  await Promise.all([queue.run(1, "a", work("a")), queue.run(2, "b", work("b"))]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test("a job that waits is cancelled before it begins, one under way by its signal", async () => {
  const queue = new Queue();
  let began = 0;
  const first = queue.run(1, "a", async (signal) => {
    began++;
    while (!signal.aborted) await tick();
    signal.throwIfAborted();
  });
  const second = queue.run(2, "b", () => Promise.resolve(began++));
  queue.cancel(2);
  await tick();
  queue.cancel(1);
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  expect(began).toBe(1);
});

test("a job that fails does not hold up the next, and its error is a sentence", async () => {
  const queue = new Queue();
  const failing = queue.run(1, "tracing", () =>
    Promise.reject(new RangeError("Array buffer allocation failed")),
  );
  await expect(failing).rejects.toThrow("not enough memory while tracing");
  await expect(queue.run(2, "b", () => Promise.resolve("answer"))).resolves.toBe("answer");
  queue.cancel(99);
});

test("work beside the queue waits for nobody, and is one job with the turn it takes", async () => {
  const queue = new Queue();
  const order: string[] = [];
  let release!: () => void;
  const first = queue.run(1, "a", () => new Promise<void>((resolve) => (release = resolve)));
  const aside = queue.aside(2, "b", async () => {
    order.push("beside");
    await queue.run(2, "b", async (signal) => {
      order.push("in its turn");
      while (!signal.aborted) await tick();
      signal.throwIfAborted();
    });
  });
  await tick();
  expect(order).toEqual(["beside"]);
  release();
  await first;
  await tick();
  expect(order).toEqual(["beside", "in its turn"]);
  queue.cancel(2);
  await expect(aside).rejects.toMatchObject({ name: "AbortError" });
  await queue.run(3, "c", () => Promise.resolve(order.push("next")));
  expect(order.at(-1)).toBe("next");
});

test("every job is done in the frame that was given", async () => {
  const frames: string[] = [];
  const queue = new Queue(async (work) => {
    frames.push("open");
    try {
      return await work();
    } finally {
      frames.push("closed");
    }
  });
  expect(await queue.run(1, "a", () => Promise.resolve(frames.length))).toBe(1);
  const failing = queue.run(2, "b", () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(frames).toEqual(["open", "closed", "open", "closed"]);
});
