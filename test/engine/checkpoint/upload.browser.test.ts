import { beforeAll, describe, expect, test } from "vitest";
import { smallConfig } from "../../support/engine/smallConfig.ts";
import { openMemory } from "../../../src/engine/runtime/Memory.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { Transformer } from "../../../src/engine/transformer/Transformer.ts";
import { Uploads } from "../../../src/engine/checkpoint/upload.ts";
import { openWebRuntime } from "../../../src/engine/runtime/webRuntime.ts";

let runtime: Runtime;
beforeAll(async () => {
  ({ runtime } = await openWebRuntime("webgpu"));
});

const numbers = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i));

describe("an upload", () => {
  test("in pieces is what was written", async () => {
    const model = new Transformer(smallConfig, runtime);
    const uploads = new Uploads(model);
    const begun = uploads.begin({ name: "w", dims: [3, 100] });
    begun.append(numbers.subarray(0, 100));
    begun.append(numbers.subarray(100));
    const tensor = await begun.finish();
    await uploads.check();
    expect(await model.memory.read(tensor)).toEqual(numbers);
    model.memory.clear();
    expect(model.memory.ledger).toEqual({ bytes: 0, tensors: 0 });
  });

  test("of bytes that fill no whole word is read back as they were", async () => {
    const model = new Transformer(smallConfig, runtime);
    const uploads = new Uploads(model);
    const begun = uploads.begin({ name: "w.q", dims: [7] }, "uint8");
    begun.append(Uint8Array.of(1, 2, 3, 4, 5, 250, 251));
    const tensor = await begun.finish();
    await uploads.check();
    expect([...(await model.memory.readBytes(tensor))]).toEqual([1, 2, 3, 4, 5, 250, 251]);
    model.memory.clear();
  });

  test("that the device lost a part of is refused by name, among others that are right", async () => {
    const model = new Transformer(smallConfig, runtime);
    const uploads = new Uploads(model);
    const names = ["h.0.ln_1.weight", "h.0.mlp.c_fc.weight", "h.0.ln_2.weight"];
    const [, second] = await Promise.all(
      names.map((name) => uploads.whole(numbers, { name, dims: [300] })),
    );
    // What a driver without memory does: the writes succeed, the numbers are not there.
    runtime.device!.queue.writeBuffer(second.gpuBuffer, 400, new Float32Array(10));
    await expect(uploads.check()).rejects.toThrow(
      "the graphics device holds other numbers for h.0.mlp.c_fc.weight than were written to it",
    );
    model.memory.clear();
  });
});

/** The runtime with a device that has no memory for buffers above so many bytes. */
function withoutMemory(bytes: number): Runtime {
  const device = runtime.device!;
  let refused = false;
  const poor = new Proxy(device, {
    get(target, name) {
      if (name === "createBuffer") {
        return (descriptor: GPUBufferDescriptor) => {
          refused = descriptor.size > bytes;
          return target.createBuffer(descriptor);
        };
      }
      if (name === "popErrorScope") {
        const found = refused;
        return async () => {
          const error = await target.popErrorScope();
          return found ? { message: "out of memory" } : error;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...runtime, device: poor };
}

describe("memory of a device that is full", () => {
  test("says so in a sentence with the buffer and its bytes", async () => {
    const memory = openMemory(withoutMemory(1000));
    memory.allocate([10]);
    await expect(memory.settle()).resolves.toBeUndefined();
    memory.allocate([500]);
    await expect(memory.settle()).rejects.toThrow(
      "not enough memory on the graphics device for memory.float32.500 (2000 bytes)",
    );
    await expect(memory.settle()).resolves.toBeUndefined();
    memory.clear();
  });

  test("is noticed by the next read at the latest", async () => {
    const memory = openMemory(withoutMemory(1000));
    const small = memory.upload(Float32Array.of(1, 2), [2]);
    memory.allocate([500]);
    await expect(memory.read(small)).rejects.toThrow("not enough memory");
    expect([...(await memory.read(small))]).toEqual([1, 2]);
    memory.clear();
  });
});
