import { beginTable, noRow } from "../../src/data/tables/readTable.ts";
import { truthKey } from "../../src/data/tables/rowFact.ts";
import { tableText } from "../../src/data/tables/tableText.ts";
import type { TableRow } from "../../src/data/tables/TableRow.ts";
import { bounds } from "../../src/data/outside/bounds.ts";
import { shown } from "../../src/data/outside/shown.ts";
import type { Model } from "../../src/engine/Model.ts";
import { type TableHead, TableStore } from "../../src/engine/storage/TableStore.ts";
import { type TargetAnswer, targetAnswers } from "../../src/methods/score/targetAnswers.ts";
import { releaseCallback } from "../callback.ts";
import type { Queue } from "../Queue.ts";
import { Measured } from "./Measured.ts";
import type {
  OpenTable,
  ScoredRows,
  TableChange,
  TableMeasures,
  TableSource,
  TakeRows,
} from "../protocol/tableProtocol.ts";

/** What the Lab lends. */
export interface TablesHost {
  queue: Queue;
  /** The model with no edit. */
  model(): Model;
  /** The stamp of the model that is open. */
  stamp(): string;
  /** Other tabs are to look again. */
  changed(): void;
}

/** Questions that are asked in one call: enough for full batches, few enough to stop soon. */
const ASKED = 32;

/** Rows that are made and told in one go: some milliseconds of this thread and of the page's. */
const TOLD = 400;

/** The tables of facts that the browser keeps, and what models know of them. */
export class Tables {
  readonly #host: TablesHost;
  readonly #store: TableStore;
  readonly #measured: Measured;

  constructor(host: TablesHost, store = new TableStore()) {
    this.#host = host;
    this.#store = store;
    this.#measured = new Measured(store);
  }

  /** All tables that are kept, the newest first. */
  list(): Promise<TableHead[]> {
    return this.#store.list();
  }

  /**
   * Reads a table and keeps it; other jobs go between its rows.
   *
   * @throws one sentence where there is nothing to make rows of; what is wrong with a row is in its row
   */
  async read(source: TableSource, take: TakeRows): Promise<OpenTable> {
    try {
      const { text, notice } = "file" in source ? await fileText(source) : { text: source.text };
      const begun = beginTable(text, source.name);
      const rows: TableRow[] = [];
      await inParts(begun.rows, (some) => {
        rows.push(...some);
        return take(some);
      });
      if (rows.length === 0) throw noRow(source.name);
      const { counted, notices } = begun;
      const table = {
        id: crypto.randomUUID(),
        name: shown(source.name, 80),
        origin: shown(source.name, 200),
        counted,
        created: new Date().toISOString(),
      };
      const head = await this.#store.begin(table, rows);
      this.#host.changed();
      return {
        head,
        notices: [...notices, notice, this.#store.trouble].filter((one) => one !== undefined),
      };
    } finally {
      releaseCallback(take);
    }
  }

  /** A table, its rows told on the way; undefined where there is none, or no longer. */
  async open(id: string, take: TakeRows): Promise<OpenTable | undefined> {
    try {
      const head = (await this.#store.list()).find((one) => one.id === id);
      if (!head) return undefined;
      await inParts(await this.#store.rows(id), take);
      return { head, notices: [] };
    } finally {
      releaseCallback(take);
    }
  }

  /** @returns why it is not kept, if so */
  async change(id: string, change: TableChange): Promise<string | undefined> {
    await this.#store.change(id, { put: change.put ?? [], drop: change.drop ?? [] });
    this.#host.changed();
    return this.#store.trouble;
  }

  /**
   * Puts new rows at a table's end.
   *
   * @returns the rows with their ids
   * @throws where the table was deleted
   */
  async add(id: string, rows: Omit<TableRow, "id">[]): Promise<TableRow[]> {
    const first = await this.#store.allot(id, rows.length);
    if (first === undefined)
      throw new Error("this table was deleted in another tab; save it as a file, and read that");
    const put = rows.map((row, i) => ({ ...row, id: first + i }));
    await this.#store.change(id, { put });
    this.#host.changed();
    return put;
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#store.rename(id, shown(name, 80));
    this.#host.changed();
  }

  async remove(id: string): Promise<void> {
    await this.#store.remove(id);
    this.#host.changed();
  }

  /** What was measured of a table with the model that is open. */
  measures(id: string): Promise<TableMeasures> {
    return this.#measured.read(id, this.#host.stamp());
  }

  /** Keeps the scores of rows under the model that is open. */
  keepScores(id: string, scored: ScoredRows): Promise<void> {
    return this.#measured.keepScores(id, this.#host.stamp(), scored);
  }

  /**
   * Asks the model, with no edit, for the true answers of rows; what it says is kept under its stamp, part by part.
   *
   * @param rows with a true answer each
   */
  known(
    job: number,
    { id, rows }: { id: string; rows: TableRow[] },
    report: (done: number, total: number) => void,
  ): Promise<Record<string, TargetAnswer>> {
    return this.#host.queue.runReporting(
      job,
      "asking for the true answers",
      report,
      async (signal) => {
        const stamp = this.#host.stamp();
        const known: Record<string, TargetAnswer> = {};
        for (let at = 0; at < rows.length; at += ASKED) {
          const some = rows.slice(at, at + ASKED);
          const asked = some.map(({ prompt, subject, truth }) => ({
            prompt,
            subject,
            target: truth,
          }));
          const answers = await targetAnswers(this.#host.model(), asked, signal);
          const found = Object.fromEntries(some.map((row, i) => [truthKey(row), answers[i]]));
          Object.assign(known, found);
          const kept = some.map((row, i) => ({
            row: row.id,
            key: truthKey(row),
            answer: answers[i],
          }));
          await this.#measured.keepKnown(id, stamp, kept);
          report(Math.min(at + ASKED, rows.length), rows.length);
        }
        return known;
      },
    );
  }
}

async function fileText({ file, name }: { file: Blob; name: string }) {
  if (file.size > bounds.cases)
    throw new Error(`${shown(name)} is too large: ${file.size} bytes (at most ${bounds.cases})`);
  return tableText(new Uint8Array(await file.arrayBuffer()));
}

/** Hands on rows some at a time, and lets others have the thread in between. */
async function inParts(rows: Iterable<TableRow>, take: (some: TableRow[]) => unknown) {
  let some: TableRow[] = [];
  for (const row of rows) {
    some.push(row);
    if (some.length < TOLD) continue;
    await take(some);
    await new Promise((wake) => setTimeout(wake));
    some = [];
  }
  if (some.length) await take(some);
}
