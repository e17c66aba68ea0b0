import { afterAll, expect, test } from "vitest";
import { openFiles, type OpenOptions } from "../../../src/engine/files/openFiles.ts";
import type { OpenedFiles } from "../../../src/engine/files/OpenedFiles.ts";
import { type Fault, type Files, HubServer, manifest, seededBytes } from "./hubServer.ts";
import { memoryStore, partKeys } from "./memoryStore.ts";

/** What can go wrong; a schedule takes some of them. */
const ANSWERS = [
  "drop",
  "429",
  "500",
  "503",
  "everything",
  "wrongRange",
  "corrupt",
  "truncated",
  "short",
  "slow",
  "page",
] as const;
const EVENTS = ["move", "rot", "reload", "offline", "full", "damage"] as const;
const SCHEDULES = 200;
const PART = 4096;
const patience = { tries: 5, backoff: 1, longest: 8, stall: 60 };

type Random = () => number;

/** Mulberry32, which is enough for choosing faults. */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Every version is wholly different, so that a mixture cannot pass for one. */
const versions: Files[] = [1, 2].map((version) => ({
  "config.json": json({ version }),
  "tokenizer.json": seededBytes(9000, 10 * version + 1),
  "model.safetensors": seededBytes(65_000, 10 * version + 2),
}));

function model(version: number, withManifest = false): Files {
  const files = versions[version - 1];
  return withManifest ? { ...files, "palimpsest.json": manifest(files) } : files;
}

interface Schedule {
  seed: number;
  random: Random;
  /** Where the files are read: the Hub, a folder with or without a manifest, a server that ignores ranges. */
  place: "hub" | "manifest" | "static" | "whole";
  keeps: boolean;
  prefetches: boolean;
  answers: (typeof ANSWERS)[number][];
  chance: number;
  event: (typeof EVENTS)[number] | undefined;
}

function schedule(seed: number): Schedule {
  const random = randomOf(seed);
  const place = (["hub", "hub", "manifest", "static", "whole"] as const)[Math.floor(random() * 5)];
  // Where there is no hash, nobody can know of a byte that changed on the way.
  const hashed = place === "hub" || place === "manifest";
  const possible = ANSWERS.filter((kind) => hashed || kind !== "corrupt");
  const answers = possible.filter(() => random() < 0.35);
  const events = EVENTS.filter((event) => hashed || event !== "rot");
  return {
    seed,
    random,
    place,
    answers,
    keeps: random() < 0.8,
    prefetches: random() < 0.7,
    chance: [0.03, 0.1, 0.25][Math.floor(random() * 3)],
    event: random() < 0.6 ? events[Math.floor(random() * events.length)] : undefined,
  };
}

function fault({ random, answers, chance }: Schedule): Fault | undefined {
  if (answers.length === 0 || random() >= chance) return undefined;
  const kind = answers[Math.floor(random() * answers.length)];
  const after = Math.floor(random() * PART);
  if (kind === "429") return { kind: "status", status: 429, retryAfter: random() < 0.5 ? 1 : 0 };
  if (kind === "500" || kind === "503")
    return { kind: "status", status: kind === "500" ? 500 : 503 };
  if (kind === "slow") return { kind, milliseconds: random() < 0.3 ? 120 : 20 };
  if (kind === "corrupt") return { kind, at: after };
  if (kind === "drop" || kind === "truncated" || kind === "short") return { kind, after };
  return { kind };
}

/** One visit: reads as loading a model does, and believes nothing before `verify`. */
async function load(files: OpenedFiles, { random, prefetches }: Schedule): Promise<Files> {
  if (prefetches) files.prefetch(["config.json", "tokenizer.json", "model.safetensors"]);
  const read: Files = { "config.json": await files.read("config.json") };
  const end = (await files.size("model.safetensors"))!;
  const pieces: Promise<Uint8Array>[] = [];
  const weights = new Uint8Array(end);
  for (let begin = 0; begin < end;) {
    const stop = Math.min(end, begin + 1 + Math.floor(random() * 12_000));
    const from = begin;
    const piece = files.read("model.safetensors", [from, stop]);
    piece.then((bytes) => weights.set(bytes, from)).catch(() => undefined);
    pieces.push(piece);
    if (random() < 0.7) await piece;
    begin = stop;
  }
  read["tokenizer.json"] = await files.read("tokenizer.json");
  await Promise.all(pieces);
  await files.verify();
  return { ...read, "model.safetensors": weights };
}

/** The version that files are of; undefined for a mixture or wrong bytes. */
function versionOf(read: Files): number | undefined {
  return [1, 2].find((version) =>
    Object.entries(read).every(([path, bytes]) => Buffer.from(model(version)[path]).equals(bytes)),
  );
}

type Ending = "right" | "sentence" | "wrong";

function note(error: unknown): "sentence" {
  const { message } = error as Error;
  expect(error).toBeInstanceOf(Error);
  expect(message).toMatch(/^(?!.*(undefined|\[object|\bat \w+ \(|TypeError))[^\n]{20,600}$/);
  return "sentence";
}

async function attempt(open: () => Promise<OpenedFiles>, plan: Schedule): Promise<Ending> {
  try {
    return versionOf(await load(await open(), plan)) === undefined ? "wrong" : "right";
  } catch (error) {
    return note(error);
  }
}

/** A whole schedule: up to three visits with faults, one in peace, one without a network. */
async function play(plan: Schedule) {
  const { random, place, event } = plan;
  const server = new HubServer();
  await server.start();
  server.commit(model(1, place === "manifest"));
  const store = plan.keeps ? memoryStore(event === "full" ? { room: 7 } : {}) : undefined;
  const visit = (options: OpenOptions = {}) =>
    openFiles(
      place === "hub"
        ? { id: server.id }
        : { address: `${server.origin}/${place === "manifest" ? "static" : place}` },
      { hub: server.origin, store, partSize: PART, patience, ...options },
    );
  const calls = { count: 0, at: Math.floor(random() * 25), stop: new AbortController() };
  server.fault = () => {
    const now = calls.count++ === calls.at;
    if (now && event === "move") server.commit(model(2, place === "manifest"));
    if (now && event === "reload")
      calls.stop.abort(new Error("the page was closed by the schedule"));
    return fault(plan);
  };
  if (event === "rot") server.rot("model.safetensors", rotten(plan));
  const endings: Ending[] = [];
  try {
    for (let i = 0; i < 3 && endings.at(-1) !== "right"; i++) {
      const { signal } = i === 0 ? calls.stop : new AbortController();
      endings.push(await attempt(() => visit({ signal }), plan));
    }
    if (event === "damage" && store) damage(store, random);
    server.fault = () => undefined;
    server.rot("model.safetensors", undefined);
    const unhurried = { ...patience, stall: 20_000 };
    let peace = await attempt(() => visit({ patience: unhurried }), plan);
    // A wrong part that an interrupted visit kept is found by the next one that reads to the end.
    const spoilt = plan.answers.includes("corrupt") || event === "rot";
    if (spoilt && peace === "sentence") peace = await attempt(visit, plan);
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const offline = store ? await attempt(() => visit({ fetch }), plan) : undefined;
    return { endings, peace, offline };
  } finally {
    server.close();
  }
}

function rotten({ random }: Schedule): Uint8Array {
  const bytes = model(1)["model.safetensors"].slice();
  bytes[Math.floor(random() * bytes.length)] ^= 0x10;
  return bytes;
}

function damage(store: ReturnType<typeof memoryStore>, random: Random): void {
  const keys = partKeys(store);
  const key = keys.at(Math.floor(random() * keys.length));
  if (key) store.entries.get(key)![0] ^= 1;
}

const counts = { right: 0, sentence: 0, wrong: 0 };

test.for(Array.from({ length: SCHEDULES }, (_, seed) => seed))(
  "schedule %i ends with the right bytes or a sentence",
  async (seed) => {
    const plan = schedule(seed);
    const { endings, peace, offline } = await play(plan);
    const last = endings.at(-1)!;
    counts[last]++;
    expect([...endings, peace, offline]).not.toContain("wrong");
    expect(peace).toBe("right");
    // What one visit has verified, the next can read without a network, unless there was no room for it.
    if (offline && plan.event !== "full") expect(offline).toBe("right");
  },
);

afterAll(() => {
  expect(counts.right + counts.sentence).toBe(SCHEDULES);
  expect(counts.right).toBeGreaterThanOrEqual(0.8 * SCHEDULES);
});
