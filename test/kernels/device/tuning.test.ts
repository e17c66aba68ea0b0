import { expect, test, vi } from "vitest";
import type { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { fastest, tuningKey } from "../../../src/kernels/device/tuning.ts";
import type { TuningStore } from "../../../src/kernels/device/TuningStore.ts";

/** Of a Gpu, only what tells its device from others. */
function fakeGpu(description = "a card"): Gpu {
  const adapterInfo = { vendor: "v", architecture: "a", device: "d", description };
  const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 };
  return { device: { adapterInfo, limits, features: new Set(["subgroups"]) } } as unknown as Gpu;
}

function memory(): TuningStore & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get: (key) => Promise.resolve(JSON.parse(entries.get(key) ?? "null")),
    set: (key, value) => Promise.resolve(void entries.set(key, JSON.stringify(value))),
  };
}

const candidates = [{ tile: 1 }, { tile: 2 }, { tile: 3 }];
const rates = [0, 5, 9, 7];
const tuning = (store?: TuningStore) => {
  const measure = vi.fn(({ tile }: { tile: number }) => Promise.resolve(rates[tile]));
  return { name: "kernel", candidates, measure, store };
};

test("takes the fastest, and measures a device once", async () => {
  const gpu = fakeGpu();
  const asked = tuning();
  const both = await Promise.all([fastest(gpu, asked), fastest(gpu, asked)]);
  expect(both).toEqual([1, 2].map(() => ({ choice: { tile: 2 }, rate: 9 })));
  expect(asked.measure).toHaveBeenCalledTimes(3);
});

test("the next page load measures nothing; another device does", async () => {
  const store = memory();
  await fastest(fakeGpu(), tuning(store));
  const again = tuning(store);
  expect(await fastest(fakeGpu(), again)).toEqual({ choice: { tile: 2 }, rate: 9 });
  expect(again.measure).not.toHaveBeenCalled();
  const other = tuning(store);
  await fastest(fakeGpu("another card"), other);
  expect(other.measure).toHaveBeenCalledTimes(3);
  expect([...store.entries.keys()]).toEqual([
    "tuning v1/kernel/v/a/d/a card/256/16384/subgroups",
    "tuning v1/kernel/v/a/d/another card/256/16384/subgroups",
  ]);
});

test.each([
  ["a variant that is gone", { choice: { tile: 4 }, rate: 9 }],
  ["no rate", { choice: { tile: 1 } }],
  ["a rate that is none", { choice: { tile: 1 }, rate: -1 }],
  ["something else", "fast"],
])("measures again where the store holds %s", async (_, value) => {
  const gpu = fakeGpu();
  const store = memory();
  await store.set(tuningKey("kernel", gpu.device), value);
  expect((await fastest(gpu, tuning(store))).choice).toEqual({ tile: 2 });
});

test("a store that fails is only not used", async () => {
  const fail = () => Promise.reject(new Error("private window"));
  const asked = tuning({ get: fail, set: fail });
  expect((await fastest(fakeGpu(), asked)).choice).toEqual({ tile: 2 });
});

test("passes over candidates that fail, and says why where all do", async () => {
  const fail = (from: number) => ({
    ...tuning(),
    measure: ({ tile }: { tile: number }) =>
      tile >= from ? Promise.reject(new Error(`no ${tile}`)) : Promise.resolve(rates[tile]),
  });
  expect((await fastest(fakeGpu(), fail(2))).choice).toEqual({ tile: 1 });
  const gpu = fakeGpu();
  await expect(fastest(gpu, fail(1))).rejects.toThrow(
    "no variant of kernel works on this GPU device: Error: no 1",
  );
  expect((await fastest(gpu, tuning())).choice).toEqual({ tile: 2 }); // a failure is not remembered
});
