import { Tensor } from "onnxruntime-common";
import { beforeEach, expect, test } from "vitest";
import { type Memory, openMemory } from "../../../src/engine/runtime/Memory.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";

const runtime = { ort: { Tensor }, provider: "cpu" } as unknown as Runtime;

let memory: Memory;
beforeEach(() => void (memory = openMemory(runtime)));

const fail = () => Promise.reject(new Error("no"));

test("what work leaves behind when it fails is released", async () => {
  const before = memory.allocate([3]);
  const work = memory.frame(async () => {
    memory.allocate([5]);
    await Promise.resolve();
    memory.adopt(new Tensor("float32", new Float32Array(7), [7]));
    return fail();
  });
  await expect(work).rejects.toThrow("no");
  expect(memory.ledger).toEqual({ bytes: 12, tensors: 1 });
  memory.release(before);
  expect(memory.ledger).toEqual({ bytes: 0, tensors: 0 });
});

test("what work leaves behind when it succeeds belongs to the frame around it", async () => {
  const work = memory.frame(async () => {
    const [short, long] = await memory.frame(() =>
      Promise.resolve([memory.allocate([2]), memory.allocate([4])]),
    );
    expect([short.size, long.size]).toEqual([2, 4]);
    memory.release(short);
    expect(memory.ledger).toEqual({ bytes: 16, tensors: 1 });
    return fail();
  });
  await expect(work).rejects.toThrow("no");
  expect(memory.ledger).toEqual({ bytes: 0, tensors: 0 });
});

test("and to the caller where there is none", async () => {
  const tensor = await memory.frame(() => Promise.resolve(memory.allocate([2])));
  await expect(memory.frame(fail)).rejects.toThrow("no");
  expect(memory.ledger).toEqual({ bytes: 8, tensors: 1 });
  memory.release(tensor);
});

test("a failure that is caught takes only its own frame's tensors", async () => {
  await memory.frame(async () => {
    memory.allocate([2]);
    await memory.frame(() => (memory.allocate([3]), fail())).catch(() => undefined);
  });
  expect(memory.ledger).toEqual({ bytes: 8, tensors: 1 });
});

test("what is kept outlives every frame", async () => {
  const work = memory.frame(() =>
    memory.frame(() => {
      memory.keep(memory.allocate([2]));
      memory.allocate([3]);
      return fail();
    }),
  );
  await expect(work).rejects.toThrow("no");
  expect(memory.ledger).toEqual({ bytes: 8, tensors: 1 });
});

test("work that overlaps is refused, and leaves nothing of what its frame holds", async () => {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const first = memory.frame(async () => (memory.allocate([2]), ended));
  const second = memory.frame(async () => {
    await first.catch(() => undefined);
    return memory.allocate([3]);
  });
  end();
  await expect(first).rejects.toThrow(/^two runs of one model overlapped/);
  memory.release(await second);
  expect(memory.ledger).toEqual({ bytes: 0, tensors: 0 });
});
