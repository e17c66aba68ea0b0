import { expect } from "vitest";
import { type Files, seededBytes } from "./hubServer.ts";

/** A value as a JSON file. */
export const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Files like a model's, with weights of sixteen parts of {@link quick}. */
export const hubModel = (seed: number): Files => ({
  "config.json": json({ seed }),
  "onnx/config.json": json({ deeper: true }),
  "tokenizer.json": seededBytes(9000, seed + 100),
  "model.safetensors": seededBytes(65_000, seed),
});

/** Small parts and short waits. */
export const quick = {
  partSize: 4096,
  patience: { tries: 3, backoff: 1, longest: 4, stall: 20_000 },
};

/** toEqual takes a second for long arrays. */
export const expectBytes = (bytes: Uint8Array, expected: Uint8Array) =>
  expect(Buffer.compare(bytes, expected), "0 for equal bytes").toBe(0);
