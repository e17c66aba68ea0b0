import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Downloads } from "../../../../src/engine/files/download/Downloads.ts";
import { KeptParts } from "../../../../src/engine/files/download/KeptParts.ts";
import { PartedFile } from "../../../../src/engine/files/download/PartedFile.ts";
import { PartWindow } from "../../../../src/engine/files/download/PartWindow.ts";
import { seededBytes } from "../hubServer.ts";
import { memoryStore } from "../memoryStore.ts";

const [PART, SIZE] = [100, 180];
const right = seededBytes(SIZE, 1);
const hex = createHash("sha256").update(right).digest("hex");
const part = (index: number) => right.slice(index * PART, Math.min(SIZE, (index + 1) * PART));

/** A file of a server that is never asked: its parts arrive as a test says. */
async function open(store: ReturnType<typeof memoryStore>) {
  const base = "http://server/model";
  const kept = await KeptParts.open(store, base, () => undefined);
  const connection = {
    fetch: () => Promise.reject(new TypeError("nobody is asked")),
    signal: new AbortController().signal,
    patience: { tries: 1, backoff: 1, longest: 1, stall: 1000 },
  };
  const transfer = {
    name: "model",
    base,
    partSize: PART,
    parallel: 2,
    connection,
    kept,
    downloads: new Downloads(2),
    window: new PartWindow(10 * PART),
    offline: false,
    received: () => undefined,
  };
  const facts = { size: SIZE, stamp: hex, hash: { kind: "sha256" as const, hex } };
  return PartedFile.open(transfer, { path: "weights", url: `${base}/weights`, facts });
}

test("of two answers with the same part the first is what is hashed, handed out and kept", async () => {
  const store = memoryStore();
  const file = await open(store);
  const wrong = part(0).map((byte) => byte ^ 1);
  await file.arrive(0, part(0));
  await file.arrive(0, wrong);
  await file.arrive(1, part(1));
  await file.verify();
  expect(await file.read(0, SIZE)).toEqual(right);
  expect(await (await open(store)).read(0, SIZE)).toEqual(right);
});

test("where the first was the wrong one, the file is refused and nothing of it stays", async () => {
  const store = memoryStore();
  const file = await open(store);
  const wrong = part(0).map((byte) => byte ^ 1);
  await file.arrive(0, wrong);
  await file.arrive(0, part(0));
  await file.arrive(1, part(1));
  await expect(file.verify()).rejects.toThrow(/weights of model is damaged: its SHA-256/);
  expect(store.entries.size).toBe(0);
});
