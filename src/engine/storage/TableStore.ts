import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { asShape } from "../../data/outside/checkShape.ts";
import { name, object, someName, whole } from "../../data/outside/kinds.ts";
import { keptRow, type TableRow } from "../../data/tables/TableRow.ts";
import { type KeyedDatabase, keyedDatabase } from "./KeyedDatabase.ts";
import { untilClosed } from "./unkept.ts";

/** What a list of tables says of each. */
export interface TableHead {
  id: string;
  name: string;
  /** Where it came from: "pasted", a file's name. */
  origin: string;
  /** What a reader of its source calls the place that a row came from. */
  counted: "row" | "record";
  /** ISO 8601. */
  created: string;
  /** How many rows it has. */
  rows: number;
  /** The id that its next row gets: no two rows of a table ever have the same. */
  next: number;
}

const head = object({
  id: someName,
  name,
  origin: name,
  counted: v.picklist(["row", "record"], "row or record"),
  created: name,
  rows: whole(0, bounds.facts),
  next: whole(),
});

/** Rows that are kept in one entry: a row that is repaired costs a few, not the whole table. */
const CHUNK = 256;

/**
 * Tables of facts from one visit to the next, row by row: what two tabs do to different rows of a table both stays. Where
 * the browser takes nothing they last as long as the page, and {@link trouble} says so.
 */
export class TableStore {
  /** The sentence that says why tables will not outlive the page, if so. */
  trouble: string | undefined;
  readonly #database: KeyedDatabase;
  /** What could not be written; undefined is deleted. */
  readonly #memory = new Map<string, unknown>();

  constructor(database = keyedDatabase("palimpsest-tables")) {
    this.#database = database;
  }

  /** All tables, the newest first; what is damaged is left out. */
  async list(): Promise<TableHead[]> {
    const found = await this.#entries("head/");
    const heads = found.flatMap(([, value]) => asShape(value, head) ?? []) as TableHead[];
    return heads.sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  /** The rows of a table in their order, checked as they are asked for; what is damaged is left out. */
  async rows(id: string): Promise<Iterable<TableRow>> {
    const chunks = await this.#entries(`rows/${id}/`);
    return (function* () {
      for (const [, value] of chunks) yield* rowsIn(value);
    })();
  }

  /** Puts a new table in place, whole or not at all. */
  async begin(
    table: Omit<TableHead, "rows" | "next">,
    rows: readonly TableRow[],
  ): Promise<TableHead> {
    const next = rows.reduce((most, row) => Math.max(most, row.id + 1), 0);
    const begun = { ...table, rows: rows.length, next };
    const chunks = [...chunked(rows)].map(
      ([chunk, some]) => [chunkKey(table.id, chunk), some] as const,
    );
    await this.#change(
      headKey(table.id),
      () => new Map<string, unknown>([[headKey(table.id), begun], ...chunks]),
    );
    return begun;
  }

  /**
   * Puts rows in the places of those with their ids, or back where they were deleted, and deletes others.
   *
   * @returns undefined where the table is gone
   */
  async change(
    id: string,
    { put = [], drop = [] }: { put?: readonly TableRow[]; drop?: readonly number[] },
  ): Promise<TableHead | undefined> {
    const dropped = new Set(drop);
    const changed = chunked(put);
    for (const row of drop) if (!changed.has(chunkOf(row))) changed.set(chunkOf(row), []);
    // Set, not added to: where the browser takes nothing, a change is made once more in memory.
    const more = new Map<number, number>();
    for (const [chunk, some] of changed) {
      await this.#change(chunkKey(id, chunk), (current) => {
        const before = rowsIn(current);
        const byId = new Map(before.map((row) => [row.id, row]));
        for (const row of some) byId.set(row.id, row);
        const after = [...byId.values()]
          .filter((row) => !dropped.has(row.id))
          .sort((a, b) => a.id - b.id);
        more.set(chunk, after.length - before.length);
        return new Map([[chunkKey(id, chunk), after.length > 0 ? after : undefined]]);
      });
    }
    return this.#head(id, (found) => ({ ...found, rows: found.rows + sum(more.values()) }));
  }

  /** Ids for rows that are new to a table; no other tab gets the same. Undefined where the table is gone. */
  async allot(id: string, count: number): Promise<number | undefined> {
    const found = await this.#head(id, (before) => ({ ...before, next: before.next + count }));
    return found && found.next - count;
  }

  /** Gives a table another name. */
  rename(id: string, to: string): Promise<TableHead | undefined> {
    return this.#head(id, (found) => ({ ...found, name: to }));
  }

  /** Deletes a table, its rows and what was measured of them. */
  async remove(id: string): Promise<void> {
    const parts = await Promise.all(
      [`rows/${id}/`, `measured/${id}/`].map((one) => this.#entries(one)),
    );
    const keys = [headKey(id), ...parts.flat().map(([key]) => key)];
    await this.#change(headKey(id), () => new Map(keys.map((key) => [key, undefined])));
  }

  /** What was measured of a table with a model, part by part, of whatever shape. */
  async measured(id: string, stamp: string): Promise<[part: string, value: unknown][]> {
    const all = measuredKey(id, stamp, "");
    const found = await this.#entries(all);
    return found.map(([key, value]) => [key.slice(all.length), value]);
  }

  /** Keeps a part of what was measured, told what was there. */
  keepMeasured(
    id: string,
    stamp: string,
    { part, change }: { part: string; change: (current: unknown) => unknown },
  ): Promise<void> {
    const key = measuredKey(id, stamp, part);
    return this.#change(key, (current) => new Map([[key, change(current)]]));
  }

  async #head(id: string, change: (found: TableHead) => TableHead): Promise<TableHead | undefined> {
    let changed: TableHead | undefined;
    await this.#change(headKey(id), (current) => {
      const found = asShape(current, head) as TableHead | undefined;
      changed = found && change(found);
      return new Map(changed && [[headKey(id), changed]]);
    });
    return changed;
  }

  async #change(key: string, change: (current: unknown) => Map<string, unknown>): Promise<void> {
    const held = (current: unknown) => (this.#memory.has(key) ? this.#memory.get(key) : current);
    try {
      let written = new Map<string, unknown>();
      await this.#database.change(key, (current) => (written = change(held(current))));
      for (const one of written.keys()) this.#memory.delete(one);
    } catch (error) {
      const current = await this.#database.get(key).catch(() => undefined);
      for (const [one, value] of change(held(current))) this.#memory.set(one, value);
      this.trouble = untilClosed(error, "tables of facts are kept", {
        full: "delete models or tables that you do not need",
        blocked: "save the table as a file",
      });
    }
  }

  async #entries(prefix: string): Promise<[key: string, value: unknown][]> {
    const kept = await this.#database.entries(prefix).catch(() => []);
    const all = new Map(kept);
    for (const [key, value] of this.#memory) if (key.startsWith(prefix)) all.set(key, value);
    const there = [...all].filter(([, value]) => value !== undefined);
    return there.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
const headKey = (id: string) => `head/${id}`;
const chunkOf = (row: number) => Math.floor(row / CHUNK);
const chunkKey = (id: string, chunk: number) => `rows/${id}/${String(chunk).padStart(9, "0")}`;
const measuredKey = (id: string, stamp: string, part: string) => `measured/${id}/${stamp}/${part}`;

const rowsIn = (value: unknown): TableRow[] =>
  Array.isArray(value) ? value.flatMap((row: unknown) => asShape(row, keptRow) ?? []) : [];

function chunked(rows: readonly TableRow[]): Map<number, TableRow[]> {
  const chunks = new Map<number, TableRow[]>();
  for (const row of rows) {
    const chunk = chunkOf(row.id);
    const some = chunks.get(chunk);
    if (some) some.push(row);
    else chunks.set(chunk, [row]);
  }
  return chunks;
}
