import { expect, test } from "vitest";
import { Queue } from "../../workers/Queue.ts";
import type { JobView, Urgency } from "../../workers/protocol/jobProtocol.ts";

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
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  queue.cancel(1);
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
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
  const frame = async <T>(work: () => Promise<T>) => {
    frames.push("open");
    try {
      return await work();
    } finally {
      frames.push("closed");
    }
  };
  const queue = new Queue({ frame });
  expect(await queue.run(1, "a", () => Promise.resolve(frames.length))).toBe(1);
  const failing = queue.run(2, "b", () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(frames).toEqual(["open", "closed", "open", "closed"]);
});

/** A queue whose jobs note their steps, giving way before each, and what it last told of them. */
function steppingQueue() {
  const notes: string[] = [];
  const between = async <T>(work: () => Promise<T>) => {
    notes.push("(");
    try {
      return await work();
    } finally {
      notes.push(")");
    }
  };
  const queue = new Queue({ between });
  let told: JobView[] = [];
  queue.follow((jobs) => (told = jobs));
  const start = (id: number, name: string, steps: number, urgency: Urgency = "turn") =>
    queue.run(id, { doing: name, urgency }, async (signal) => {
      for (let step = 1; step <= steps; step++) {
        await queue.giveWay();
        signal.throwIfAborted();
        notes.push(`${name}${step}`);
        await tick();
      }
      return name;
    });
  const states = () => Object.fromEntries(told.map(({ doing, state }) => [doing, state]));
  return { queue, notes, start, states, told: () => told };
}

test("an answer goes between the steps of a short job, which goes between those of a long one", async () => {
  const { notes, start } = steppingQueue();
  const long = start(1, "long", 3);
  await tick();
  const short = start(2, "short", 2, "short");
  await tick();
  const answer = start(3, "answer", 1, "answer");
  const other = start(4, "other", 1);
  await Promise.all([long, short, answer, other]);
  expect(notes.join(" ")).toMatch(
    /^long1 (long2 )?\( short1 (short2 )?\( answer1 \) (short2 )?\) (long2 )?long3 other1$/,
  );
});

test("equals go in the order they came, and what goes alone between no others", async () => {
  const { notes, start } = steppingQueue();
  const ends = [start(1, "a", 2), start(2, "load", 1, "alone"), start(3, "b", 2), start(4, "c", 1)];
  await Promise.all(ends);
  expect(notes).toEqual(["a1", "a2", "b1", "b2", "c1", "load1"]);
});

test("a job that fails or is cancelled between the steps of another leaves that one alone", async () => {
  const { queue, notes, start } = steppingQueue();
  const long = start(1, "long", 3);
  const failing = queue.run(2, { doing: "b", urgency: "answer" }, () =>
    Promise.reject(new Error("no")),
  );
  await expect(failing).rejects.toThrow("no");
  const cancelled = start(3, "short", 100, "short");
  await tick();
  queue.cancel(3);
  await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
  await expect(long).resolves.toBe("long");
  expect(notes.at(-1)).toBe("long3");
});

test("a paused job stands still while others go, and goes on or is cancelled from there", async () => {
  const { queue, notes, start, states, told } = steppingQueue();
  const long = start(1, "long", 3);
  await tick();
  expect(told()).toMatchObject([{ id: 1, state: "running", pausable: true, before: 0 }]);
  queue.pause(1, true);
  await start(2, "other", 2);
  await tick();
  expect(notes).not.toContain("long3");
  expect(states()).toEqual({ long: "paused" });
  queue.pause(1, false);
  await expect(long).resolves.toBe("long");

  const again = start(3, "again", 3);
  queue.pause(3, true);
  await tick();
  await tick();
  queue.cancel(3);
  await expect(again).rejects.toMatchObject({ name: "AbortError" });
  expect(notes).not.toContain("again3");
});

test("the page is told which jobs wait, and behind how many", async () => {
  const { queue, start, states, told } = steppingQueue();
  const ends = [start(1, "a", 3), start(2, "b", 1), start(3, "c", 1)];
  await tick();
  expect(states()).toEqual({ a: "running", b: "waiting", c: "waiting" });
  expect(told().map(({ before }) => before)).toEqual([0, 1, 2]);
  queue.cancel(2);
  await expect(ends[1]).rejects.toMatchObject({ name: "AbortError" });
  await tick();
  expect(states()).not.toHaveProperty("b");
  await Promise.all([ends[0], ends[2]]);
  await tick();
  expect(told()).toEqual([]);
});
