import { bounds } from "../../data/outside/bounds.ts";
import { asShape } from "../../data/outside/checkShape.ts";
import { flag, list, name, object, whole } from "../../data/outside/kinds.ts";
import { stamp } from "../../data/delta/provenance.ts";
import type { RunHead } from "../../data/run/Run.ts";
import { type KeyedDatabase, keyedDatabase } from "./KeyedDatabase.ts";
import { untilClosed } from "./unkept.ts";

/** What {@link RunShelf} may be given instead of its own. */
export interface RunShelfOptions {
  database?: KeyedDatabase;
  /** Bytes of all runs together. */
  most?: number;
}

/** A run as it is kept: what lists say of it, its text, and the edits it stands on by their digests. */
export interface ShelvedRun {
  head: RunHead;
  text: string;
  edits: ReadonlyMap<string, Uint8Array>;
}

const head = object({
  id: name,
  name,
  pinned: flag,
  kind: name,
  title: name,
  stamp: name,
  precision: name,
  model: name,
  begun: name,
  edits: list(stamp, bounds.edits),
  on: whole(),
  bytes: whole(),
});

/**
 * Runs that outlive the page, in a database of their own: a line for the list, the run as text, and each edit once however
 * many runs stand on it. Beyond a bound those go that were begun first and nobody has pinned. Where the browser takes
 * nothing they are held in memory, and `put` says so.
 */
export class RunShelf {
  readonly #database: KeyedDatabase;
  readonly #most: number;
  /** What the database did not take. */
  readonly #memory = new Map<string, unknown>();

  constructor({ database, most }: RunShelfOptions = {}) {
    this.#database = database ?? keyedDatabase("palimpsest-runs");
    this.#most = most ?? bounds.keptRuns;
  }

  /**
   * Keeps runs, each with its edits, in one transaction. One that is there already stays as it is.
   *
   * @returns the sentence that says why they will not outlive the page, if so
   */
  async put(runs: readonly ShelvedRun[]): Promise<string | null> {
    const there = new Set((await this.list()).map(({ id }) => id));
    const entries = new Map<string, unknown>();
    for (const run of runs) {
      if (there.has(run.head.id)) continue;
      entries.set(headKey(run.head.id), run.head);
      entries.set(textKey(run.head.id), run.text);
      for (const [digest, bytes] of run.edits) entries.set(editKey(digest), bytes);
    }
    try {
      await this.#database.change("", () => entries);
    } catch (error) {
      for (const [key, value] of entries) this.#memory.set(key, value);
      return unkept(error);
    }
    await this.#bound();
    return null;
  }

  /** All runs that are kept, the last first. */
  async list(): Promise<RunHead[]> {
    const kept = await this.#database.entries(headKey("")).catch(() => []);
    const held = [...this.#memory].filter(([key]) => key.startsWith(headKey("")));
    return [...kept, ...held]
      .flatMap(([, value]) => (asShape(value, head) as RunHead | undefined) ?? [])
      .sort((a, b) => (a.begun < b.begun ? 1 : -1));
  }

  /** The text of a run; undefined where it is no longer there. */
  async text(id: string): Promise<string | undefined> {
    const found = await this.#get(textKey(id));
    return typeof found === "string" ? found : undefined;
  }

  /** The bytes of an edit that a kept run stands on or has made. */
  async edit(digest: string): Promise<Uint8Array | undefined> {
    const found = await this.#get(editKey(digest));
    return found instanceof Uint8Array ? found : undefined;
  }

  /** Names or pins a run. */
  async note(id: string, notes: Partial<Pick<RunHead, "name" | "pinned">>): Promise<void> {
    const key = headKey(id);
    const held = this.#memory.get(key);
    if (held) return void this.#memory.set(key, { ...held, ...notes });
    await this.#database.change(key, (current) =>
      current
        ? new Map<string, unknown>([[key, { ...current, ...notes }]])
        : new Map<string, unknown>(),
    );
  }

  /** Deletes runs, and edits that no other run stands on. */
  async remove(ids: readonly string[]): Promise<void> {
    const left = (await this.list()).filter(({ id }) => !ids.includes(id));
    const needed = new Set(left.flatMap(({ edits }) => edits.map(editKey)));
    const edits = await this.#database.keys(editKey("")).catch(() => []);
    const keys = [
      ...ids.flatMap((id) => [headKey(id), textKey(id)]),
      ...edits.filter((key) => !needed.has(key)),
    ];
    for (const key of keys) this.#memory.delete(key);
    await this.#database.change("", () => new Map(keys.map((key) => [key, undefined])));
  }

  async #get(key: string): Promise<unknown> {
    return this.#memory.get(key) ?? (await this.#database.get(key).catch(() => undefined));
  }

  /** Deletes what was begun first and is not pinned, beyond the bounds. */
  async #bound(): Promise<void> {
    let bytes = 0;
    const beyond = (await this.list()).filter((run, place) => {
      bytes += run.bytes;
      return !run.pinned && (bytes > this.#most || place >= bounds.runs);
    });
    if (beyond.length) await this.remove(beyond.map(({ id }) => id)).catch(() => undefined);
  }
}

const headKey = (id: string) => `head/${id}`;
const textKey = (id: string) => `run/${id}`;
const editKey = (digest: string) => `edit/${digest}`;

const unkept = (error: unknown): string =>
  untilClosed(error, "runs are kept", {
    full: "delete some, or take them as a zip and delete them all",
    blocked: "take them as a zip",
  });
