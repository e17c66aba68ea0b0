import { expect, test } from "vitest";
import { openMemory } from "../../../src/engine/runtime/Memory.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";

test("a device has one listener for what sessions run out of, however many models it has held", async () => {
  const listeners: unknown[] = [];
  const device = { addEventListener: (_: string, heard: unknown) => listeners.push(heard) };
  const runtime = { provider: "webgpu", device } as unknown as Runtime;
  for (let model = 0; model < 3; model++) await openMemory(runtime).settle();
  expect(listeners).toHaveLength(1);
});
